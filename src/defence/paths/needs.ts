import type { Grant } from '../../api/rbac/role-index.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import { splitResourceName } from '../../client/resources.ts';
import { namesToCreate, type Right, ruleGives } from '../cluster/role-rights.ts';
import type { Need, Primitive } from './primitives.ts';

/** A rule that meets a need; `names` undefined: for all objects. */
type Match = { rule: PolicyRule; names: string[] | undefined };

/** One place where every need is met, by these rules and grants. */
export type Combined = { namespace: string; matches: Match[]; from: Grant[] };

/** Where some grants together meet every need: everywhere (''), or in these namespaces. */
export function combine(primitive: Primitive, grants: Grant[]): Combined[] {
  const scoped = primitive.needs.map((need) => scopesOf(primitive, need, grants));
  if (scoped.some(({ size }) => size === 0)) return [];
  const at = (namespace: string) => scoped.map((scopes) => scopes.get('') ?? scopes.get(namespace));
  const found = (namespace: string) => {
    const each = at(namespace);
    if (each.some((entry) => entry === undefined)) return [];
    return [{ namespace, matches: each.map((entry) => entry!.match), from: each.map((entry) => entry!.grant) }];
  };
  const everywhere = found('');
  if (everywhere.length > 0 || primitive.everywhere) return everywhere;
  const namespaces = new Set(scoped.flatMap((scopes) => [...scopes.keys()]));
  return [...namespaces].flatMap(found);
}

type Scoped = Map<string, { grant: Grant; match: Match }>;

function scopesOf({ signer }: Primitive, need: Need, grants: Grant[]): Scoped {
  const found: Scoped = new Map();
  for (const grant of grants) {
    const match = matchOf(grant.rules, need);
    if (match === undefined) continue;
    const { names } = match;
    if (signer !== undefined && need.verbs.includes('approve') && names && !names.some((name) => signer.includes(name)))
      continue;
    if (need.namesNamespaces && names && grant.namespace !== '' && !names.includes(grant.namespace)) continue;
    const places = need.namesNamespaces && names && grant.namespace === '' ? names : [grant.namespace];
    for (const place of places) {
      const known = found.get(place);
      // A right to all objects outweighs one to some.
      if (known === undefined || (known.match.names !== undefined && names === undefined))
        found.set(place, { grant, match });
    }
  }
  return found;
}

/** The rule that meets a need, for all objects if there is one; else the names that some rules give. */
function matchOf(rules: PolicyRule[], { verbs, resources }: Need): Match | undefined {
  let named: Match | undefined;
  for (const rule of rules) {
    const limited = rule.resourceNames?.length ? rule.resourceNames : undefined;
    for (const right of resources.map(rightOf)) {
      if (!ruleGives(rule, { ...right, verbs })) continue;
      if (limited === undefined) return { rule, names: undefined };
      const names = namesGiven(rule, rules, { ...right, verbs });
      if (names.length === 0) continue;
      named = { rule: named?.rule ?? rule, names: [...(named?.names ?? []), ...names] };
      break;
    }
  }
  return named;
}

/** What is created has a name that a rule could allow only if it is applied; a subresource stands at its object's. */
function namesGiven(rule: PolicyRule, rules: PolicyRule[], right: Right): string[] {
  const verbs = right.verbs.filter((verb) => verb !== 'create' || right.resource.includes('/'));
  if (verbs.length > 0 && ruleGives(rule, { ...right, verbs })) return rule.resourceNames ?? [];
  return namesToCreate(rule, rules, right);
}

const rights = new Map<string, Omit<Right, 'verbs'>>();
function rightOf(text: string): Omit<Right, 'verbs'> {
  const known = rights.get(text) ?? splitResourceName(text);
  rights.set(text, known);
  return known;
}
