import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../schema/types.d.ts';
import { oldLabel, warnOfTerm } from './node-labels.ts';
import { oldVolumes } from './pods.ts';

const annotations: Record<string, string> = {
  'volume.beta.kubernetes.io/storage-class': 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
};

/** Source: kubernetes/kubernetes pkg/api/persistentvolume/util.go. */
export function volumeWarnings({ metadata, spec = {} }: PersistentVolume): readonly string[] {
  const warnings: string[] = [];
  for (const key in metadata.annotations)
    if (Object.hasOwn(annotations, key)) warnings.push(`metadata.annotations[${key}]: ${annotations[key]}`);
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  spec.nodeAffinity?.required?.nodeSelectorTerms?.forEach((term, index) => {
    warnOfTerm(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`, warnings);
  });
  for (const source in spec)
    if (Object.hasOwn(oldVolumes, source)) warnings.push(`spec.${source}: ${oldVolumes[source]}`);
  return warnings;
}

/** Source: kubernetes/kubernetes pkg/api/persistentvolumeclaim/util.go. */
export function claimWarnings({ metadata }: PersistentVolumeClaim): readonly string[] {
  const key = 'volume.beta.kubernetes.io/storage-class';
  return metadata.annotations?.[key] === undefined ? [] : [`metadata.annotations[${key}]: ${annotations[key]}`];
}

/** Source: kubernetes/kubernetes pkg/api/storage/util.go. */
export const storageClassWarnings = ({ allowedTopologies = [] }: StorageClass): readonly string[] =>
  allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
    matchLabelExpressions.flatMap(({ key }, position) => {
      const why = oldLabel(key);
      return why ? [`allowedTopologies[${index}].matchLabelExpressions[${position}].key: ${why}`] : [];
    }),
  );
