import type { Call } from '../../../api/observations/observation.ts';
import type { Grant, RoleIndex } from '../../../api/rbac/role-index.ts';
import { type PolicyRule, ruleAllows } from '../../../api/rbac/rules.ts';
import type { Attributes, UserInfo } from '../../../api/user.ts';
import { attributesOf } from '../../observations/calls.ts';

/** How many single rights (a verb on a resource, in a namespace) a user holds, and how many of them no call used. */
export type Held = {
  rights: number;
  unused: number;
  examples: string[] /** More than could be counted. */;
  cut: boolean;
};

const rightsMax = 20_000;
const examplesMax = 5;

export function heldBy(index: RoleIndex, user: UserInfo, calls: Call[]): Held {
  const asked = calls.map(attributesOf);
  const held: Held = { rights: 0, unused: 0, examples: [], cut: false };
  for (const grant of index.all(user))
    for (const rule of grant.rules)
      for (const right of rightsOf(rule)) {
        if (held.rights >= rightsMax) return { ...held, cut: true };
        held.rights++;
        if (asked.some((attributes) => uses(grant, right, attributes))) continue;
        held.unused++;
        if (held.examples.length < examplesMax) held.examples.push(rightText(grant, right));
      }
  return held;
}

function uses({ namespace }: Grant, right: PolicyRule, attributes: Attributes): boolean {
  const here = namespace === '' || (attributes.nonResourcePath === undefined && namespace === attributes.namespace);
  return here && ruleAllows(right, attributes);
}

/** One verb on one resource each; a wildcard is one right, too. */
function* rightsOf({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames,
  nonResourceURLs = [],
}: PolicyRule): Generator<PolicyRule> {
  const names = resourceNames?.length ? { resourceNames } : {};
  for (const verb of verbs) {
    for (const url of nonResourceURLs) yield { verbs: [verb], nonResourceURLs: [url] };
    for (const group of apiGroups)
      for (const resource of resources) yield { verbs: [verb], apiGroups: [group], resources: [resource], ...names };
  }
}

const rightText = ({ namespace }: Grant, { verbs, apiGroups, resources, nonResourceURLs }: PolicyRule): string => {
  const group = apiGroups?.[0] ?? '';
  const what = nonResourceURLs?.[0] ?? `${resources![0]}${group === '' ? '' : `.${group}`}`;
  return `${verbs[0]} ${what}${namespace === '' ? '' : ` in ${namespace}`}`;
};
