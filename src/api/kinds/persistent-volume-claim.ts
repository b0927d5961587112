import { defineKind } from '../define.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../schema/types.d.ts';
import { showAccessModes, storageClassOf } from './persistent-volume.ts';

export function defaultClaimSpec(spec: PersistentVolumeClaimSpec | undefined): void {
  if (!spec) return;
  spec.volumeMode ||= 'Filesystem';
  // A data source in the same namespace may be written in either field: both say it then.
  const reference = spec.dataSourceRef;
  if (spec.dataSource && !reference) spec.dataSourceRef = { ...spec.dataSource };
  else if (reference && !reference.namespace && !spec.dataSource)
    spec.dataSource = {
      ...(reference.apiGroup === undefined ? {} : { apiGroup: reference.apiGroup }),
      kind: reference.kind,
      name: reference.name,
    };
}

export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  status: true,
  columns: [
    {
      name: 'Status',
      type: 'string',
      value: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status?.phase),
    },
    { name: 'Volume', type: 'string', value: ({ spec }) => spec?.volumeName ?? '' },
    {
      name: 'Capacity',
      type: 'string',
      value: ({ spec, status }) => (spec?.volumeName ? (status?.capacity?.['storage'] ?? '0') : ''),
    },
    {
      name: 'Access Modes',
      type: 'string',
      value: ({ spec, status }) => (spec?.volumeName ? showAccessModes(status?.accessModes) : ''),
    },
    { name: 'StorageClass', type: 'string', value: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      type: 'string',
      value: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    },
    { name: 'VolumeMode', type: 'string', priority: 1, value: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
  defaults: ({ spec }) => defaultClaimSpec(spec),
  prepareCreate(object) {
    object.status = { phase: 'Pending' };
  },
});
