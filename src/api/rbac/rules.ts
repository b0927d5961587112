import type { Attributes } from '../user.ts';

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export type PolicyRule = {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
};

const has = (list: string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes('*'));

/** Does the rule allow the request? Rules never deny: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (attributes.nonResourcePath !== undefined) return pathMatches(rule.nonResourceURLs, attributes.nonResourcePath);
  return (
    has(rule.apiGroups, attributes.group) &&
    resourceMatches(rule.resources, attributes.resource, attributes.subresource) &&
    nameMatches(rule.resourceNames, attributes.name)
  );
}

/** `*`, the resource itself, and star-slash-subresource for any resource. */
export function resourceMatches(resources: string[] | undefined, resource: string, subresource: string): boolean {
  if (resources === undefined) return false;
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some((item) => {
    if (item === '*' || item === combined) return true;
    return subresource !== '' && item === `*/${subresource}`;
  });
}

function nameMatches(names: string[] | undefined, name: string): boolean {
  return names === undefined || names.length === 0 || names.includes(name);
}

/** A trailing `*` stands for any rest of the path. */
function pathMatches(paths: string[] | undefined, path: string): boolean {
  return (
    paths?.some(
      (item) => item === '*' || item === path || (item.endsWith('*') && path.startsWith(item.slice(0, -1))),
    ) ?? false
  );
}

/** One verb on one thing: what a rule is made of. */
type Grant = { verb: string; path?: string; group?: string; resource?: string; name?: string };

/** A role may hold this many single grants before it is refused as a whole: 20 verbs on 500 resources. */
const grantsMax = 10_000;
/** Words of the rules that are held, passed by for all of these: a tenth of a second. */
const comparedMax = 20_000_000;

/**
 * The parts of `wanted` that `owned` does not cover: empty when whoever holds `owned` may hand out `wanted`. Throws
 * RangeError when the rules are too many to compare.
 */
export function uncovered(wanted: PolicyRule[], owned: PolicyRule[]): PolicyRule[] {
  const grants = wanted.reduce((sum, rule) => sum + countGrants(rule), 0);
  if (grants > grantsMax) throw new RangeError(`the rules hold more than ${grantsMax} single permissions`);
  const missing: PolicyRule[] = [];
  const held = owned.map((rule) => ({ rule, words: wordsOf(rule) }));
  let compared = 0;
  for (const rule of wanted)
    for (const grant of grantsOf(rule)) {
      const isHeld = held.some((candidate) => {
        compared += candidate.words;
        if (compared > comparedMax) throw new RangeError('the rules are too many to compare with those that are held');
        return covers(candidate.rule, grant);
      });
      if (!isHeld) missing.push(toRule(grant));
    }
  return missing;
}

function countGrants({ verbs = [], apiGroups = [], resources = [], resourceNames = [], ...rule }: PolicyRule): number {
  const things = apiGroups.length * resources.length * Math.max(1, resourceNames.length);
  return verbs.length * (things + (rule.nonResourceURLs?.length ?? 0));
}

const wordsOf = ({ verbs = [], ...lists }: PolicyRule): number =>
  Object.values(lists).reduce((sum, words) => sum + words.length, verbs.length);

function* grantsOf(rule: PolicyRule): Generator<Grant> {
  for (const verb of rule.verbs ?? []) {
    for (const path of rule.nonResourceURLs ?? []) yield { verb, path };
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? [])
        if ((rule.resourceNames ?? []).length === 0) yield { verb, group, resource };
        else for (const name of rule.resourceNames!) yield { verb, group, resource, name };
  }
}

function covers(rule: PolicyRule, grant: Grant): boolean {
  if (!has(rule.verbs, grant.verb)) return false;
  if (grant.path !== undefined) return pathMatches(rule.nonResourceURLs, grant.path);
  const [resource = '', subresource = ''] = grant.resource!.split('/', 2);
  const names = rule.resourceNames ?? [];
  const named = names.length === 0 || (grant.name !== undefined && names.includes(grant.name));
  return has(rule.apiGroups, grant.group!) && resourceMatches(rule.resources, resource, subresource) && named;
}

function toRule({ verb, path, group, resource, name }: Grant): PolicyRule {
  if (path !== undefined) return { verbs: [verb], nonResourceURLs: [path] };
  const rule: PolicyRule = { verbs: [verb], apiGroups: [group!], resources: [resource!] };
  return name === undefined ? rule : { ...rule, resourceNames: [name] };
}

/** As Kubernetes prints rules in refusals: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function describeRule(rule: PolicyRule): string {
  const list = (items: string[]) => `[${items.map((item) => JSON.stringify(item)).join(' ')}]`;
  const parts: string[] = [];
  if (rule.nonResourceURLs !== undefined) parts.push(`NonResourceURLs:${list(rule.nonResourceURLs)}`);
  if (rule.apiGroups !== undefined) parts.push(`APIGroups:${list(rule.apiGroups)}`);
  if (rule.resources !== undefined) parts.push(`Resources:${list(rule.resources)}`);
  if (rule.resourceNames !== undefined) parts.push(`ResourceNames:${list(rule.resourceNames)}`);
  return `{${[...parts, `Verbs:${list(rule.verbs)}`].join(', ')}}`;
}
