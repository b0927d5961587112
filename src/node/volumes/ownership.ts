import { constants, type Dirent } from 'node:fs';
import { type FileHandle, lchown, open, readdir } from 'node:fs/promises';
import type { Pod } from '../../api/schema/types.d.ts';
import { VolumeError } from './volume-type.ts';

const setgid = 0o2000;
/** Each level on the way down holds a descriptor. */
export const depthMax = 256;

/**
 * Gives a volume to the pod's fsGroup: group ownership and group rights on everything, setgid on directories. With
 * `OnRootMismatch` a root that already fits ends it. Symbolic links are never followed.
 */
export async function setGroup(root: string, pod: Pod): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = pod.spec!.securityContext ?? {};
  if (fsGroup === undefined) return;
  const handle = await open(root, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    const fits = stats.gid === fsGroup && (stats.mode & (setgid | 0o070)) === (setgid | 0o070);
    if (fits && fsGroupChangePolicy === 'OnRootMismatch') return;
    await own(handle, fsGroup);
    if (stats.isDirectory()) await ownBelow(handle, fsGroup, 0);
  } finally {
    await handle.close();
  }
}

/**
 * By way of descriptors only: another pod with the same volume may run and swap any directory on the way for a link
 * that leads to files of the machine.
 */
async function ownBelow(directory: FileHandle, gid: number, depth: number): Promise<void> {
  if (depth > depthMax) throw new VolumeError(`fsGroup: the volume is deeper than ${depthMax} directories`);
  const path = `/proc/self/fd/${directory.fd}/`;
  // Names are bytes, not all of them UTF-8.
  const entries: Dirent<Buffer>[] = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
  for (const entry of entries) {
    const place = Buffer.concat([Buffer.from(path), entry.name]);
    if (entry.isSymbolicLink()) await lchown(place, -1 >>> 0, gid);
    if (!entry.isDirectory() && !entry.isFile()) continue;
    const handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      await own(handle, gid);
      if ((await handle.stat()).isDirectory()) await ownBelow(handle, gid, depth + 1);
    } finally {
      await handle.close();
    }
  }
}

async function own(handle: FileHandle, gid: number): Promise<void> {
  const stats = await handle.stat();
  await handle.chown(stats.uid, gid);
  await handle.chmod((stats.mode & 0o7777) | (stats.isDirectory() ? setgid | 0o770 : 0o660));
}
