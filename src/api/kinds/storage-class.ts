import { defineKind } from '../define.ts';
import type { StorageClass, TopologySelectorTerm } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ageColumn, nameColumn } from '../table.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, ErrorList, forbiddenValue, invalidValue, required, tooLong } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';
import { checkEnum, checkName, checkUnique, sameValue } from '../validation/values.ts';
import { storageClassWarnings } from '../warnings/volumes.ts';

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

const isDefaultClass = ({ metadata }: Pick<StorageClass, 'metadata'>): boolean =>
  defaultAnnotations.some((annotation) => metadata.annotations?.[annotation] === 'true');

const reclaims = enumOf(['Delete', 'Retain'], 'storage.v1.StorageClass.reclaimPolicy');

const bindings = enumOf(['Immediate', 'WaitForFirstConsumer'], 'storage.v1.StorageClass.volumeBindingMode');

export const storageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  kind: 'StorageClass',
  resource: 'storageclasses',
  warnings: storageClassWarnings,
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
      value: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    },
    ageColumn,
  ],
  validate(object, old) {
    const errors = new ErrorList();
    checkName(object.provisioner, (name) => qualifiedName(name.toLowerCase()), 'provisioner', errors);
    checkEnum(object.reclaimPolicy, reclaims, 'reclaimPolicy', errors);
    checkEnum(object.volumeBindingMode, bindings, 'volumeBindingMode', errors);
    validateParameters(object.parameters, errors);
    validateTopologies(object.allowedTopologies, errors);
    for (const name of ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] as const)
      if (old && !sameValue(object[name], old[name]))
        errors.push(forbiddenValue(name, `updates to ${name} are forbidden.`));
    return errors;
  },
  defaults(object) {
    object.reclaimPolicy ||= 'Delete';
    object.volumeBindingMode ??= 'Immediate';
  },
});

const parametersMax = 512;
const parametersBytesMax = 256 * 1024;

/** What a class tells its driver; shared with VolumeAttributesClass. */
export function validateParameters(parameters: Record<string, string> = {}, errors: FieldError[]): void {
  const entries = Object.entries(parameters);
  if (entries.length > parametersMax) errors.push(tooLong('Provisioner Parameters', parametersMax));
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (entries.some(([key]) => key === '')) errors.push(invalidValue('parameters', '', 'field can not be empty.'));
  if (bytes > parametersBytesMax) errors.push(tooLong('parameters', parametersBytesMax));
}

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateTopologySelectorTerm. */
function validateTopologies(terms: TopologySelectorTerm[] = [], errors: FieldError[]): void {
  const seen = new Set<string>();
  terms.forEach(({ matchLabelExpressions = [] }, index) => {
    const at = `allowedTopologies[${index}].matchLabelExpressions`;
    const keys = new Set<string>();
    matchLabelExpressions.forEach(({ key, values = [] }, position) => {
      const wrong = qualifiedName(key ?? '');
      if (wrong) errors.push(invalidValue(`${at}[${position}].key`, key ?? '', wrong));
      if (keys.has(key)) errors.push(duplicate(`${at}[${position}].key`, key));
      keys.add(key);
      if (values.length === 0) errors.push(required(`${at}[${position}].values`));
      checkUnique(values, (index) => `${at}[${position}].values[${index}]`, errors);
    });
    const term = JSON.stringify(matchLabelExpressions.map(({ key, values = [] }) => [key, [...values].sort()]).sort());
    // No expression at all is a term that was there before, as upstream counts.
    if (matchLabelExpressions.length === 0 || seen.has(term)) errors.push(duplicate(at, ''));
    seen.add(term);
  });
}
