import type { DownwardAPIVolumeFile, Pod } from '../../api/schema/types.d.ts';
import { fieldValue, type NodeFacts, resourceValue } from '../environment/field-ref.ts';
import { type FileContent, writeAtomically } from './atomic-writer.ts';
import { grouped } from './key-files.ts';
import { VolumeError, type VolumeType } from './volume-type.ts';

/** Fields of the pod itself as files, kept current (labels and annotations change). */
export const downwardApiVolume: VolumeType = {
  field: 'downwardAPI',
  live: true,
  async mount({ pod, volume, directory, facts }) {
    const { items = [], defaultMode = 0o644 } = volume.downwardAPI!;
    const { files, owner } = grouped(pod, downwardFiles(pod, items, defaultMode, facts));
    await writeAtomically(directory, files, owner);
    return { hostPath: directory, readOnly: true };
  },
};

export function downwardFiles(pod: Pod, items: DownwardAPIVolumeFile[], defaultMode: number, facts: NodeFacts) {
  const files = new Map<string, FileContent>();
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    const selector = resourceFieldRef as { containerName?: string; resource: string } | undefined;
    if (fieldRef === undefined && selector === undefined)
      throw new VolumeError(`downwardAPI item ${path} names no field`);
    const text = fieldRef
      ? fieldValue(pod, fieldRef.fieldPath, facts)
      : resourceValue(pod, selector!.containerName ?? '', selector!, facts);
    files.set(path, { bytes: Buffer.from(text), mode: mode ?? defaultMode });
  }
  return files;
}
