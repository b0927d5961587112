import { writeAtomically } from './atomic-writer.ts';
import { bytesOf, grouped, selectKeys } from './key-files.ts';
import { VolumeError, type VolumeType } from './volume-type.ts';

/** A Secret's keys as files, kept current, in memory only. */
export const secretVolume: VolumeType = {
  field: 'secret',
  live: true,
  async mount({ pod, volume, memoryDirectory, sources }) {
    const { secretName = '', items, defaultMode = 0o644, optional = false } = volume.secret!;
    const what = `secret "${secretName}"`;
    const object = await sources.secret(pod.metadata!.namespace!, secretName);
    if (object === undefined && !optional) throw new VolumeError(`${what} not found`);
    const selection = { items, defaultMode, optional, what };
    const files = object === undefined ? new Map() : selectKeys(bytesOf(object, 'secret'), selection);
    const readable = grouped(pod, files);
    await writeAtomically(memoryDirectory, readable.files, readable.owner);
    return { hostPath: memoryDirectory, readOnly: true };
  },
};
