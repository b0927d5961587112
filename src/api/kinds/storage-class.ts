import { defineKind } from '../define.ts';
import type { StorageClass } from '../schema/types.d.ts';
import { ageColumn, nameColumn } from '../table.ts';

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const isDefaultClass = ({ metadata }: Pick<StorageClass, 'metadata'>): boolean =>
  defaultAnnotations.some((annotation) => metadata.annotations?.[annotation] === 'true');

export const storageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  kind: 'StorageClass',
  resource: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  wholeTable: true,
  columns: [
    {
      ...nameColumn,
      value: (object) => (isDefaultClass(object) ? `${object.metadata.name} (default)` : object.metadata.name),
    },
    { name: 'Provisioner', type: 'string', value: ({ provisioner }) => provisioner },
    { name: 'ReclaimPolicy', type: 'string', value: ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete' },
    { name: 'VolumeBindingMode', type: 'string', value: ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate' },
    {
      name: 'AllowVolumeExpansion',
      type: 'string',
      value: ({ allowVolumeExpansion }) => String(allowVolumeExpansion ?? false),
    },
    ageColumn,
  ],
  defaults(object) {
    object.reclaimPolicy ||= 'Delete';
    object.volumeBindingMode ||= 'Immediate';
  },
});
