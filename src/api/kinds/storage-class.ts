import { defineKind } from '../define.ts';
import type { StorageClass } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ageColumn, nameColumn } from '../table.ts';
import { forbiddenValue } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';
import { checkEnum, checkName, sameValue } from '../validation/values.ts';

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

const isDefaultClass = ({ metadata }: Pick<StorageClass, 'metadata'>): boolean =>
  defaultAnnotations.some((annotation) => metadata.annotations?.[annotation] === 'true');

export const storageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  kind: 'StorageClass',
  resource: 'storageclasses',
  returnsDeleted: true,
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
  validate(object, old) {
    const errors: FieldError[] = [];
    checkName(object.provisioner, (name) => qualifiedName(name.toLowerCase()), 'provisioner', errors);
    checkEnum(object.reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy', errors);
    checkEnum(object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode', errors);
    for (const name of ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] as const)
      if (old && !sameValue(object[name], old[name]))
        errors.push(forbiddenValue(name, `updates to ${name} are forbidden.`));
    return errors;
  },
  defaults(object) {
    object.reclaimPolicy ||= 'Delete';
    object.volumeBindingMode ||= 'Immediate';
  },
});
