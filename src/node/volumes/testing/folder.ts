import { mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
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

export const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
