import type { PersistentVolumeClaimSpec } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from './enums.ts';
import { forbiddenValue, invalidValue, notSupported, required } from './errors.ts';
import { dnsSubdomain } from './names.ts';
import { validateSelector } from './selectors.ts';
import { checkEnum, checkMoreThanZero, checkName, volumeModes } from './values.ts';

/** Access modes as tables show them, in their order. */
export const accessNames: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

const accessModes = enumOf(
  Object.keys(accessNames),
  'core.v1.PersistentVolumeClaimSpec.accessModes',
  'core.v1.PersistentVolumeSpec.accessModes',
);

export function validateAccessModes(modes: string[] = [], field: string, errors: FieldError[]): void {
  if (modes.length === 0) errors.push(required(field, 'at least 1 access mode is required'));
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(field, mode, accessModes));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    errors.push(forbiddenValue(field, 'may not use ReadWriteOncePod with other access modes'));
}

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaimSpec. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, field: string, errors: FieldError[]): void {
  validateAccessModes(spec.accessModes, `${field}.accessModes`, errors);
  checkEnum(spec.volumeMode, volumeModes, `${field}.volumeMode`, errors);
  validateSelector(spec.selector, `${field}.selector`, errors);
  const storage = spec.resources?.requests?.['storage'];
  if (storage === undefined) errors.push(required(`${field}.resources[storage]`));
  else checkMoreThanZero(storage, `${field}.resources[storage]`, errors);
  if (spec.storageClassName) checkName(spec.storageClassName, dnsSubdomain, `${field}.storageClassName`, errors);
  if (spec.volumeAttributesClassName)
    checkName(spec.volumeAttributesClassName, dnsSubdomain, `${field}.volumeAttributesClassName`, errors);
  for (const name of ['dataSource', 'dataSourceRef'] as const)
    if (spec[name]) validateDataSource(spec[name], `${field}.${name}`, errors);
}

type DataSource = { apiGroup?: string; kind?: string; name?: string };

function validateDataSource({ apiGroup = '', kind, name }: DataSource, field: string, errors: FieldError[]): void {
  if (!name) errors.push(required(`${field}.name`));
  if (!kind) errors.push(required(`${field}.kind`));
  if (apiGroup === '' && kind && kind !== 'PersistentVolumeClaim')
    errors.push(invalidValue(field, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
}
