import { writeAtomically } from './atomic-writer.ts';
import { bytesOf, grouped, selectKeys } from './key-files.ts';
import { VolumeError, type VolumeType } from './volume-type.ts';

/** A ConfigMap's keys as files, kept current. */
export const configMapVolume: VolumeType = {
  field: 'configMap',
  live: true,
  async mount({ pod, volume, directory, sources }) {
    const { name = '', items, defaultMode = 0o644, optional = false } = volume.configMap!;
    const what = `configmap "${name}"`;
    const object = await sources.configMap(pod.metadata!.namespace!, name);
    if (object === undefined && !optional) throw new VolumeError(`${what} not found`);
    const bytes = object === undefined ? new Map() : bytesOf(object, 'configmap');
    const selection = { items, defaultMode, optional: optional, what };
    const { files, owner } = grouped(pod, object === undefined ? bytes : selectKeys(bytes, selection));
    await writeAtomically(directory, files, owner);
    return { hostPath: directory, readOnly: true };
  },
};
