import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerdPaths } from './config.ts';

/**
 * After `stop`: ends the shims that still belong to this containerd, by their socket's address, and undoes its mounts.
 * What it does not know (pod cgroups, veths) goes with the pods, so remove those first. `purge` also forgets images.
 */
export async function removeLeftovers(
  { root, state, socket }: Pick<ContainerdPaths, 'root' | 'state' | 'socket'>,
  purge: boolean,
): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const pids = shims(socket);
    if (pids.length === 0) break;
    for (const pid of pids) endWithChildren(pid);
    await sleep(20);
  }
  for (const mountPoint of mountsUnder([root, state])) spawnSync('umount', ['--lazy', mountPoint]);
  rmSync(state, { recursive: true, force: true });
  rmSync(socket, { force: true });
  if (purge) rmSync(root, { recursive: true, force: true });
}

const cmdline = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it ended meanwhile
  }
};

function shims(socket: string): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => {
    const words = cmdline(pid);
    return words[0]?.includes('containerd-shim') && words[words.indexOf('-address') + 1] === socket;
  });
}

/** A shim is the subreaper of its containers: they would outlive it. */
function endWithChildren(shim: number): void {
  let children: number[] = [];
  try {
    const threads = readdirSync(`/proc/${shim}/task`);
    children = threads.flatMap((thread) =>
      readFileSync(`/proc/${shim}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return;
  }
  for (const pid of [...children, shim])
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
}

/** Innermost first. */
function mountsUnder(folders: string[]): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  const unescaped = mounts.map((path) =>
    path.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8))),
  );
  return unescaped.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`))).reverse();
}
