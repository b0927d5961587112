import { defineKind } from '../define.ts';
import type { PersistentVolume } from '../schema/types.d.ts';

const accessNames: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,RWX`, each once and in this order. */
export const showAccessModes = (modes: string[] | undefined): string =>
  Object.keys(accessNames)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => accessNames[mode])
    .join(',');

/** The class was an annotation once, which still wins. */
export const storageClassOf = (object: {
  metadata: { annotations?: Record<string, string> };
  spec?: { storageClassName?: string };
}): string =>
  object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? object.spec?.storageClassName ?? '';

export const persistentVolume = defineKind<PersistentVolume>({
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  status: true,
  columns: [
    { name: 'Capacity', type: 'string', value: ({ spec }) => spec?.capacity?.['storage'] ?? '' },
    { name: 'Access Modes', type: 'string', value: ({ spec }) => showAccessModes(spec?.accessModes) },
    { name: 'Reclaim Policy', type: 'string', value: ({ spec }) => spec?.persistentVolumeReclaimPolicy },
    {
      name: 'Status',
      type: 'string',
      value: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status?.phase),
    },
    {
      name: 'Claim',
      type: 'string',
      value: ({ spec }) => (spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : ''),
    },
    { name: 'StorageClass', type: 'string', value: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      type: 'string',
      value: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    },
    { name: 'Reason', type: 'string', value: ({ status }) => status?.reason ?? '' },
    { name: 'VolumeMode', type: 'string', priority: 1, value: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
  defaults({ spec }) {
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ||= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
  },
  prepareCreate(object) {
    object.status = { phase: 'Pending' };
  },
});
