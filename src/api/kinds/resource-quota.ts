import { defineKind } from '../define.ts';
import type { ResourceQuota } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { immutable } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';
import { checkEnum, checkName, checkQuantity, sameValue } from '../validation/values.ts';

const isLimit = (name: string) => name.startsWith('limits.');

/** `pods: 1/10, requests.cpu: 1/2`: used of hard, limits apart from the rest. */
function usage({ status }: ResourceQuota, limits: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => isLimit(name) === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}

const scopes = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
];

export const resourceQuota = defineKind<ResourceQuota>({
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  hasGeneration: false,
  returnsDeleted: true,
  shortNames: ['quota'],
  status: true,
  validate({ spec }, old) {
    const errors: FieldError[] = [];
    for (const [name, amount] of Object.entries(spec?.hard ?? {})) {
      checkName(name, qualifiedName, `spec.hard[${name}]`, errors);
      checkQuantity(amount, `spec.hard[${name}]`, errors);
    }
    (spec?.scopes ?? []).forEach((scope, index) => {
      checkEnum(scope, scopes, `spec.scopes[${index}]`, errors);
    });
    if (old && !sameValue(spec?.scopes, old.spec?.scopes)) errors.push(immutable('spec.scopes', spec?.scopes ?? null));
    return errors;
  },
  columns: [
    { name: 'Request', type: 'string', value: (quota) => usage(quota, false) },
    { name: 'Limit', type: 'string', value: (quota) => usage(quota, true) },
  ],
});
