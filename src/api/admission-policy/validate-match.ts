import type { MatchResources, NamedRuleWithOperations } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { invalidValue, notSupported, required } from '../validation/errors.ts';
import { pathSegment } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkOptionalEnum, checkUnique } from '../validation/values.ts';

const operations = enumOf(
  ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'],
  'admissionregistration.v1.NamedRuleWithOperations.operations',
  'admissionregistration.v1.RuleWithOperations.operations',
);
const scopes = enumOf(
  ['*', 'Cluster', 'Namespaced'],
  'admissionregistration.v1.NamedRuleWithOperations.scope',
  'admissionregistration.v1.RuleWithOperations.scope',
);
export const matchPolicies = enumOf(
  ['Equivalent', 'Exact'],
  'admissionregistration.v1.MatchResources.matchPolicy',
  'admissionregistration.v1.ValidatingWebhook.matchPolicy',
  'admissionregistration.v1.MutatingWebhook.matchPolicy',
);

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go, validateMatchResources. */
export function validateMatch(match: MatchResources, field: string, errors: FieldError[]): void {
  checkOptionalEnum(match.matchPolicy, matchPolicies, `${field}.matchPolicy`, errors);
  validateSelector(match.namespaceSelector, `${field}.namespaceSelector`, errors);
  validateSelector(match.objectSelector, `${field}.objectSelector`, errors);
  for (const list of ['resourceRules', 'excludeResourceRules'] as const)
    match[list]?.forEach((rule, index) => {
      validateRule(rule, `${field}.${list}[${index}]`, errors);
    });
}

/** A rule of a policy or, without names, of a webhook. */
export function validateRule(rule: NamedRuleWithOperations, field: string, errors: FieldError[]): void {
  const { resourceNames = [], apiVersions = [], resources = [] } = rule;
  resourceNames.forEach((name, index) => {
    const at = `${field}.resourceNames[${index}]`;
    const wrong = pathSegment(name);
    if (wrong) errors.push(invalidValue(at, name, wrong));
  });
  checkUnique(resourceNames, (index) => `${field}.resourceNames[${index}]`, errors);
  for (const list of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const)
    if (!rule[list]?.length) errors.push(required(`${field}.${list}`));
  const others = { operations: 'operations', apiGroups: 'API groups', apiVersions: 'API versions' };
  for (const list of ['operations', 'apiGroups', 'apiVersions'] as const) {
    const items = rule[list] ?? [];
    if (items.length > 1 && items.includes('*'))
      errors.push(invalidValue(`${field}.${list}`, items, `if '*' is present, must not specify other ${others[list]}`));
  }
  rule.operations?.forEach((operation, index) => {
    if (!operations.includes(operation))
      errors.push(notSupported(`${field}.operations[${index}]`, operation, operations));
  });
  apiVersions.forEach((version, index) => {
    if (version === '') errors.push(required(`${field}.apiVersions[${index}]`));
  });
  validateResources(resources, `${field}.resources`, errors);
  checkOptionalEnum(rule.scope, scopes, `${field}.scope`, errors);
}

/** A wildcard leaves nothing to say for what it stands for. */
function validateResources(resources: string[], field: string, errors: FieldError[]): void {
  const wildcards = new Set<string>();
  resources.forEach((resource, index) => {
    const at = `${field}[${index}]`;
    if (resource === '') errors.push(required(at));
    const [main = '', sub] = resource.split(/\/(.*)/s);
    if (sub === undefined) return;
    for (const wildcard of [`${main}/*`, `*/${sub}`])
      if (wildcards.has(wildcard))
        errors.push(invalidValue(at, resource, `if '${wildcard}' is present, must not specify ${resource}`));
    if (main === '*' || sub === '*') wildcards.add(resource);
  });
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalidValue(field, resources, "if '*/*' is present, must not specify other resources"));
  const plain = resources.filter((resource) => resource !== '' && !resource.includes('/'));
  if (plain.includes('*') && plain.at(-1) !== '*')
    errors.push(
      invalidValue(field, resources, "if '*' is present, must not specify other resources without subresources"),
    );
}
