import { isQuantity, quantityMilli } from '../../foundation/quantity.ts';
import { defineKind } from '../define.ts';
import { checkResourceName } from '../pods/resources.ts';
import type { ResourceQuota } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, immutable, invalidValue, required } from '../validation/errors.ts';
import { checkEnum, checkQuantity } from '../validation/values.ts';

const isLimit = (name: string) => name.startsWith('limits.');

/** `pods: 1/10, requests.cpu: 1/2`: used of hard, limits apart from the rest. */
function usage({ status }: ResourceQuota, limits: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => isLimit(name) === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}

const scopes = enumOf(
  [
    'BestEffort',
    'CrossNamespacePodAffinity',
    'NotBestEffort',
    'NotTerminating',
    'PriorityClass',
    'Terminating',
    'VolumeAttributesClass',
  ],
  'core.v1.ResourceQuotaSpec.scopes',
  'core.v1.ScopedResourceSelectorRequirement.scopeName',
);

/** Resources that a quota names without a domain. Source: pkg/apis/core/helper/helpers.go, IsStandardQuotaResourceName. */
const objects = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
];
const amounts = ['cpu', 'ephemeral-storage', 'memory'];
const quotaNames = new Set([
  ...objects,
  ...amounts,
  ...amounts.flatMap((name) => [`limits.${name}`, `requests.${name}`]),
  'requests.storage',
]);
const isCounted = (name: string) => objects.includes(name) || name.startsWith('count/');

type Scope = { scopeName?: string; operator?: string; values?: string[] };
const aboutExistence = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, validateScopedResourceSelectorRequirement. */
function validateScope(
  { scopeName = '', operator = '', values = [] }: Scope,
  field: string,
  errors: FieldError[],
): void {
  if (!scopes.includes(scopeName)) errors.push(invalidValue(`${field}.scopeName`, scopeName, 'unsupported scope'));
  if (aboutExistence.includes(scopeName) && operator !== 'Exists')
    errors.push(
      invalidValue(
        `${field}.operator`,
        operator,
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
      ),
    );
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0)
    errors.push(
      required(`${field}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"),
    );
  else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0)
    errors.push(
      invalidValue(
        `${field}.values`,
        values,
        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      ),
    );
  else if (!['DoesNotExist', 'Exists', 'In', 'NotIn'].includes(operator))
    errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
}

export const resourceQuota = defineKind<ResourceQuota>({
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  hasGeneration: false,
  returnsDeleted: true,
  shortNames: ['quota'],
  status: true,
  validate({ spec }, old) {
    const errors = new ErrorList();
    for (const [name, amount] of Object.entries(spec?.hard ?? {})) {
      checkResourceName(name, quotaNames, `spec.hard[${name}]`, errors);
      checkQuantity(amount, `spec.hard[${name}]`, errors);
      if (isCounted(name) && isQuantity(amount) && quantityMilli(amount) % 1000 !== 0)
        errors.push(invalidValue(`spec.hard[${name}]`, amount, 'must be an integer'));
    }
    (spec?.scopes ?? []).forEach((scope, index) => {
      checkEnum(scope, scopes, `spec.scopes[${index}]`, errors);
    });
    (spec?.scopeSelector?.matchExpressions ?? []).forEach((expression) => {
      validateScope(expression, 'spec.scopeSelector.matchExpressions', errors);
    });
    if (old && new Set(spec?.scopes).symmetricDifference(new Set(old.spec?.scopes)).size > 0)
      errors.push(immutable('spec.scopes', spec?.scopes ?? null));
    return errors;
  },
  columns: [
    { name: 'Request', type: 'string', value: (quota) => usage(quota, false) },
    { name: 'Limit', type: 'string', value: (quota) => usage(quota, true) },
  ],
});
