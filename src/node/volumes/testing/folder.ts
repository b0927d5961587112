import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemMounter } from '../mounter.ts';

export const isRoot = process.getuid?.() === 0;
export const asRoot = { skip: isRoot ? false : 'needs root' };

/** A folder of the test's own; what is mounted in it goes first. */
export function folder(context: TestContext): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'rempart-volumes-')));
  context.after(async () => {
    for (const point of isRoot ? await systemMounter.below(path) : []) await systemMounter.unmount(point);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

/** What a container can leave in a volume: a file at the end of a path that is longer than the kernel takes. */
export function makeTooDeep(directory: string, bytes: Buffer): void {
  const before = process.cwd();
  process.chdir(directory);
  for (let depth = 0; depth < 25; depth++) {
    mkdirSync('d'.repeat(200));
    process.chdir('d'.repeat(200));
  }
  writeFileSync('file', bytes);
  process.chdir(before);
}

/** A name that is no UTF-8. */
export const oddName = (directory: string) => Buffer.concat([Buffer.from(`${directory}/`), Buffer.of(0xff, 0x41)]);

export const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
