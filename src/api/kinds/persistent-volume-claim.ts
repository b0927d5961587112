import { compareQuantities, isQuantity } from '../../foundation/quantity.ts';
import { defineKind } from '../define.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, forbiddenValue } from '../validation/errors.ts';
import { sameValue } from '../validation/values.ts';
import { validateClaimSpec } from '../validation/volume-claims.ts';
import { claimWarnings } from '../warnings/volumes.ts';
import { showAccessModes, storageClassOf } from './persistent-volume.ts';

export function defaultClaimSpec(spec: PersistentVolumeClaimSpec | undefined): void {
  if (!spec) return;
  spec.volumeMode ??= 'Filesystem';
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
  warnings: claimWarnings,
  hasGeneration: false,
  returnsDeleted: true,
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
  validate: validateClaim,
  prepareCreate(object) {
    object.status = { phase: 'Pending' };
  },
});

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaim. */
function validateClaim({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim | undefined): FieldError[] {
  const errors = new ErrorList();
  validateClaimSpec(spec ?? {}, 'spec', errors);
  if (old) errors.push(...validateClaimUpdate(spec ?? {}, old));
  return errors;
}

function validateClaimUpdate(spec: PersistentVolumeClaimSpec, { spec: old = {}, status }: PersistentVolumeClaim) {
  const errors = new ErrorList();
  const now = structuredClone(spec);
  const [after, before] = [spec.resources?.requests?.['storage'], old.resources?.requests?.['storage']];
  // The binder names the volume once; a claim without a class may be given one.
  if (!old.volumeName) now.volumeName = old.volumeName;
  if (old.storageClassName === undefined) now.storageClassName = old.storageClassName;
  if (status?.phase === 'Bound') {
    now.volumeAttributesClassName = old.volumeAttributesClassName;
    if (now.resources?.requests && before !== undefined) now.resources.requests['storage'] = before;
  }
  if (!sameValue(now, old))
    errors.push(
      forbiddenValue(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
  if (!isQuantity(after) || !isQuantity(before) || compareQuantities(after, before) >= 0) return errors;
  // What failed to grow may be taken back, never what it already has.
  if (compareQuantities(after, status?.capacity?.['storage'] ?? '0') <= 0)
    errors.push(forbiddenValue('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  return errors;
}
