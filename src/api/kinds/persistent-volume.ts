import { defineKind } from '../define.ts';
import { validateNodeTerm } from '../pods/scheduling.ts';
import { validateHostPath } from '../pods/volumes.ts';
import type { PersistentVolume } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, immutable, invalidValue, notSupported, required } from '../validation/errors.ts';
import { dnsLabel, dnsSubdomain, driverName } from '../validation/names.ts';
import { checkEnum, checkMoreThanZero, checkName, sameValue, volumeModes } from '../validation/values.ts';
import { accessNames, validateAccessModes } from '../validation/volume-claims.ts';
import { volumeWarnings } from '../warnings/volumes.ts';

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
  warnings: volumeWarnings,
  hasGeneration: false,
  returnsDeleted: true,
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
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
  },
  validate: validateVolume,
  prepareCreate(object) {
    object.status = { phase: 'Pending' };
  },
});

/** What describes a volume rather than being its source. */
const notSources = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);
const sourceOf = (spec: object) => Object.entries(spec).filter(([name]) => !notSources.has(name));

type Driver = NonNullable<NonNullable<PersistentVolume['spec']>['csi']>;

const driverSecrets = [
  'controllerPublishSecretRef',
  'nodePublishSecretRef',
  'controllerExpandSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateDriver(driver: Driver, field: string, errors: FieldError[]): void {
  checkName(driver.driver, driverName, `${field}.driver`, errors);
  if (!driver.volumeHandle) errors.push(required(`${field}.volumeHandle`));
  for (const name of driverSecrets) {
    const reference = driver[name];
    if (!reference) continue;
    checkName(reference.name, dnsSubdomain, `${field}.${name}.name`, errors);
    checkName(reference.namespace, dnsLabel, `${field}.${name}.namespace`, errors);
  }
}

const reclaimPolicies = enumOf(
  ['Delete', 'Recycle', 'Retain'],
  'core.v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy',
);

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec. */
function validateVolume({ spec = {} }: PersistentVolume, old: PersistentVolume | undefined): FieldError[] {
  const errors = new ErrorList();
  validateAccessModes(spec.accessModes, 'spec.accessModes', errors);
  const capacity = spec.capacity ?? {};
  if (Object.keys(capacity).length === 0) errors.push(required('spec.capacity'));
  else if (Object.keys(capacity).join() !== 'storage')
    errors.push(notSupported('spec.capacity', capacity, ['storage']));
  for (const [name, amount] of Object.entries(capacity)) checkMoreThanZero(amount, `spec.capacity[${name}]`, errors);
  for (const name of ['storageClassName', 'volumeAttributesClassName'] as const)
    if (spec[name]) checkName(spec[name], dnsSubdomain, `spec.${name}`, errors);
  if (spec.volumeAttributesClassName === '') errors.push(required('spec.volumeAttributesClassName'));
  if (spec.volumeAttributesClassName !== undefined && !spec.csi)
    errors.push(required('spec.csi', 'has to be specified when using volumeAttributesClassName'));
  checkEnum(spec.persistentVolumeReclaimPolicy, reclaimPolicies, 'spec.persistentVolumeReclaimPolicy', errors);
  checkEnum(spec.volumeMode, volumeModes, 'spec.volumeMode', errors);
  const sources = sourceOf(spec);
  if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'));
  for (const [name] of sources.slice(1))
    errors.push(forbiddenValue(`spec.${name}`, 'may not specify more than 1 volume type'));
  if (spec.hostPath) validateHostPath(spec.hostPath, 'spec.hostPath', errors);
  if (spec.local && !spec.local.path) errors.push(required('spec.local.path'));
  if (spec.local && !spec.nodeAffinity?.required)
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  const { nodeAffinity } = spec;
  if (nodeAffinity && !nodeAffinity.required)
    errors.push(required('spec.nodeAffinity.required', 'must specify required node constraints'));
  if (nodeAffinity?.required && !nodeAffinity.required.nodeSelectorTerms?.length)
    errors.push(required('spec.nodeAffinity.required.nodeSelectorTerms', 'must have at least one node selector term'));
  if (spec.csi) validateDriver(spec.csi, 'spec.csi', errors);
  (nodeAffinity?.required?.nodeSelectorTerms ?? []).forEach((term, index) => {
    validateNodeTerm(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`, errors);
  });
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle')
    errors.push(
      forbiddenValue('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"),
    );
  if (!old) return errors;
  if (!sameValue(sourceOf(spec), sourceOf(old.spec ?? {})))
    errors.push(
      forbiddenValue('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
    );
  if (old.spec?.nodeAffinity && !sameValue(nodeAffinity, old.spec.nodeAffinity))
    errors.push(immutable('nodeAffinity', nodeAffinity ?? null));
  if (spec.volumeMode !== old.spec?.volumeMode)
    errors.push(invalidValue('spec.volumeMode', spec.volumeMode, 'field is immutable'));
  return errors;
}
