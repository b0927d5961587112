import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Mounts of this machine. All are idempotent. Paths must be absolute. */
export type Mounter = {
  tmpfs(path: string, options: { sizeBytes?: number; mode: string }): Promise<void>;
  /** `source` may be a file or directory; `/proc/PID/fd/N` is not resolved by name. */
  bind(source: string, path: string): Promise<void>;
  makeShared(path: string): Promise<void>;
  unmount(path: string): Promise<void>;
  /** Mount points at or below a path, deepest first. */
  below(path: string): Promise<string[]>;
};

const timeoutMs = 30_000;

/** Mounts by mount(8), which every distribution has; -c keeps it from following what a pod may have put in a path. */
export const systemMounter: Mounter = {
  async tmpfs(path, { sizeBytes, mode }) {
    if ((await systemMounter.below(path)).includes(path)) return;
    const size = sizeBytes ? `,size=${sizeBytes}` : '';
    await run('mount', ['-c', '-t', 'tmpfs', '-o', `mode=${mode},nosuid,nodev${size}`, 'tmpfs', path], {
      timeout: timeoutMs,
    });
  },
  async bind(source, path) {
    await run('mount', ['-c', '--bind', source, path], { timeout: timeoutMs });
  },
  async makeShared(path) {
    await run('mount', ['-c', '--make-rshared', path], { timeout: timeoutMs });
  },
  async unmount(path) {
    await run('umount', ['-c', '-l', path], { timeout: timeoutMs });
  },
  async below(path) {
    const text = await readFile('/proc/self/mountinfo', 'utf8');
    const points = text.split('\n').map((line) => unescapeOctal(line.split(' ')[4] ?? ''));
    const inside = points.filter((point) => point === path || point.startsWith(`${path}/`));
    return inside.sort((a, b) => b.length - a.length);
  },
};

const unescapeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
