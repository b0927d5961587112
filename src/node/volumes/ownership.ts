import { constants, type Dirent } from 'node:fs';
import { lchown, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/schema/types.d.ts';

const setgid = 0o2000;

/**
 * Gives a volume to the pod's fsGroup: group ownership and group rights on everything, setgid on directories. With
 * `OnRootMismatch` a root that already fits ends it. Symbolic links are never followed.
 */
export async function setGroup(root: string, pod: Pod): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = pod.spec!.securityContext ?? {};
  if (fsGroup === undefined) return;
  const { gid, mode } = await stat(root);
  const fits = gid === fsGroup && (mode & (setgid | 0o070)) === (setgid | 0o070);
  if (fits && fsGroupChangePolicy === 'OnRootMismatch') return;
  await own(root, fsGroup, true);
  await ownBelow(root, fsGroup);
}

async function ownBelow(directory: string, gid: number): Promise<void> {
  const entries: Dirent[] = await readdir(directory, { withFileTypes: true });
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      await own(path, gid, true);
      await ownBelow(path, gid);
    } else if (entry.isFile()) await own(path, gid, false);
    else if (entry.isSymbolicLink()) await lchown(path, -1 >>> 0, gid);
  }
}

/** Through a descriptor that refuses links, so that a pod that swaps a file for a link gains nothing. */
async function own(path: string, gid: number, isDirectory: boolean): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { uid, mode } = await handle.stat();
    await handle.chown(uid, gid);
    await handle.chmod((mode & 0o7777) | (isDirectory ? setgid | 0o770 : 0o660));
  } finally {
    await handle.close();
  }
}
