import { defineKind } from '../define.ts';
import type { CSIDriver } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, immutable, invalidValue } from '../validation/errors.ts';
import { dnsSubdomain, driverName } from '../validation/names.ts';
import { checkEnum, checkOptionalEnum, checkUnique, sameValue } from '../validation/values.ts';

export const csiDriver = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  hasGeneration: false,
  updatedByVersion: true,
  returnsDeleted: true,
  namespaced: false,
  name: (name) => driverName(name) ?? dnsSubdomain(name),
  validate: validateDriver,
  columns: [
    { name: 'AttachRequired', type: 'boolean', value: ({ spec }) => spec?.attachRequired ?? true },
    { name: 'PodInfoOnMount', type: 'boolean', value: ({ spec }) => spec?.podInfoOnMount ?? false },
    { name: 'StorageCapacity', type: 'boolean', value: ({ spec }) => spec?.storageCapacity ?? false },
    {
      name: 'TokenRequests',
      type: 'string',
      value: ({ spec }) => (spec?.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
    },
    { name: 'RequiresRepublish', type: 'boolean', value: ({ spec }) => spec?.requiresRepublish ?? false },
    {
      name: 'Modes',
      type: 'string',
      value: ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
    },
  ],
  // Source: kubernetes/kubernetes pkg/apis/storage/v1/defaults.go.
  defaults({ spec }) {
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
});

const groupPolicies = enumOf(['File', 'None', 'ReadWriteOnceWithFSType'], 'storage.v1.CSIDriverSpec.fsGroupPolicy');
const lifecycles = enumOf(['Ephemeral', 'Persistent'], 'storage.v1.CSIDriverSpec.volumeLifecycleModes');

/** Source: kubernetes/kubernetes pkg/apis/storage/validation/validation.go, ValidateCSIDriver and its update. */
function validateDriver({ spec }: CSIDriver, old: CSIDriver | undefined): FieldError[] {
  const errors = new ErrorList();
  checkOptionalEnum(spec?.fsGroupPolicy, groupPolicies, 'spec.fsGroupPolicy', errors);
  (spec?.volumeLifecycleModes ?? []).forEach((mode) => {
    checkEnum(mode, lifecycles, 'spec.volumeLifecycleModes', errors);
  });
  const requests = spec?.tokenRequests ?? [];
  checkUnique(
    requests.map(({ audience }) => audience),
    (index) => `spec.tokenRequests[${index}].audience`,
    errors,
  );
  requests.forEach(({ expirationSeconds: seconds }, index) => {
    const at = `spec.tokenRequests[${index}].expirationSeconds`;
    if (seconds === undefined) return;
    if (seconds < tokenSecondsMin)
      errors.push(invalidValue(at, seconds, 'may not specify a duration less than 10 minutes'));
    else if (seconds > tokenSecondsMax)
      errors.push(invalidValue(at, seconds, 'may not specify a duration larger than 2^32 seconds'));
  });
  const period = spec?.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < updateSecondsMin)
    errors.push(
      invalidValue(
        'spec.nodeAllocatableUpdatePeriodSeconds',
        period,
        `must be greater than or equal to ${updateSecondsMin} seconds`,
      ),
    );
  for (const name of ['attachRequired', 'volumeLifecycleModes'] as const)
    if (old && !sameValue(spec?.[name], old.spec?.[name]))
      errors.push(immutable(`spec.${name === 'attachRequired' ? 'attachedRequired' : name}`, spec?.[name]));
  return errors;
}

const updateSecondsMin = 10;
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
