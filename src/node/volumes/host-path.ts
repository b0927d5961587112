import { open, stat } from 'node:fs/promises';
import { makeFolder } from '../../foundation/make-folder.ts';
import { VolumeError, type VolumeType } from './volume-type.ts';

/** A path of the node. `type` says what must be there or is made; without one nothing is checked. */
export const hostPathVolume: VolumeType = {
  field: 'hostPath',
  live: false,
  async mount({ volume }) {
    const { path, type } = volume.hostPath!;
    await checkHostPath(path, type ?? '', `volume "${volume.name}"`);
    return { hostPath: path, readOnly: false };
  },
};

/** Throws VolumeError when the path is not what `type` (core/v1 HostPathType) says. */
export async function checkHostPath(path: string, type: string, what: string): Promise<void> {
  if (!path.startsWith('/') || path.split('/').includes('..'))
    throw new VolumeError(`${what}: hostPath ${JSON.stringify(path)} must be absolute and without ..`);
  await makeMissing(path, type).catch((error: Error) => {
    throw new VolumeError(`${what}: hostPath ${path}: ${error.message}`);
  });
  const found = await stat(path).catch(() => undefined);
  // containerd would make a directory of whatever is missing: an empty type only lets that through for directories.
  if (type === '') return;
  const fits: Record<string, boolean | undefined> = {
    Directory: found?.isDirectory(),
    DirectoryOrCreate: found?.isDirectory(),
    File: found?.isFile(),
    FileOrCreate: found?.isFile(),
    Socket: found?.isSocket(),
    CharDevice: found?.isCharacterDevice(),
    BlockDevice: found?.isBlockDevice(),
  };
  if (!(type in fits)) throw new VolumeError(`${what}: hostPath type ${JSON.stringify(type)} is unknown`);
  if (!fits[type]) throw new VolumeError(`${what}: hostPath ${path} is not a ${type}`);
}

/** What is there is not opened: it may be a pipe, which waits for its other end. */
async function makeMissing(path: string, type: string): Promise<void> {
  if (type === 'DirectoryOrCreate') makeFolder(path);
  if (type !== 'FileOrCreate' || (await stat(path).catch(() => undefined)) !== undefined) return;
  const file = await open(path, 'wx', 0o644);
  await file.close();
}
