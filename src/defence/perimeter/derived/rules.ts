import type { Call } from '../../../api/observations/observation.ts';
import type { PolicyRule } from '../../../api/rbac/rules.ts';
import { builtInResources } from '../../../client/resources.ts';

/** Rules for one namespace, or (empty) for the whole cluster. */
export type DerivedRules = { namespace: string; rules: PolicyRule[] };

const dayMs = 24 * 3600 * 1000;
/** Names are kept in a role when they are few, and were seen again and again: generated names are neither. */
const namesMax = 3;
const namedCallsMin = 3;
/** Verbs that are about one object by its name. */
const namedVerbs = new Set(['get', 'update', 'patch', 'delete']);

/** The least rights with which these calls of one user are allowed, by namespace. */
export function deriveRules(calls: Call[]): DerivedRules[] {
  const everywhere = new Set(calls.filter((call) => placeOf(call) === '').map(rightKey));
  // What is asked everywhere needs no second right in a namespace.
  const needed = calls.filter((call) => placeOf(call) === '' || !everywhere.has(rightKey(call)));
  return [...Map.groupBy(needed, placeOf)]
    .map(([namespace, group]) => ({ namespace, rules: rulesOf(group) }))
    .sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

/** Requests about a namespace itself are authorized in it; a right for the whole cluster would be more than was used. */
function placeOf({ namespace, resource, group }: Call): string {
  if (resource === 'namespaces' && group === '') return namespace;
  const known = builtInResources.get(group === '' ? resource : `${resource}.${group}`);
  return known?.namespaced === false ? '' : namespace;
}

const rightKey = ({ verb, group, resource, subresource, path }: Call) =>
  JSON.stringify([verb, group, resource, subresource, path]);

const resourceText = ({ resource, subresource }: Call) =>
  subresource === '' ? resource : `${resource}/${subresource}`;

type Right = { group: string; what: string; path: boolean; verb: string; names: string[] };

function rulesOf(calls: Call[]): PolicyRule[] {
  const rights = [...Map.groupBy(calls, rightKey).values()].map((same): Right => {
    const first = same[0]!;
    const path = first.resource === '';
    return {
      group: first.group,
      what: path ? first.path : resourceText(first),
      path,
      verb: first.verb,
      names: stableNames(same),
    };
  });
  const byObject = Map.groupBy(rights, ({ group, what, names }) => JSON.stringify([group, what, names]));
  const perObject = [...byObject.values()].map((same) => ({ ...same[0]!, verbs: same.map(({ verb }) => verb).sort() }));
  const byVerbs = Map.groupBy(perObject, ({ group, path, names, verbs }) =>
    JSON.stringify([group, path, names, verbs]),
  );
  return [...byVerbs.values()].map((same): PolicyRule => {
    const { group, path, names, verbs } = same[0]!;
    const whats = same.map(({ what }) => what).sort();
    if (path) return { verbs, nonResourceURLs: whats };
    return { verbs, apiGroups: [group], resources: whats, ...(names.length > 0 ? { resourceNames: names } : {}) };
  });
}

/** The names that a rule may be limited to; none when others are to be expected. */
function stableNames(calls: Call[]): string[] {
  const { verb, resource } = calls[0]!;
  if (resource === '' || !namedVerbs.has(verb)) return [];
  const names = [...new Set(calls.map(({ name }) => name))].sort();
  const all = calls.reduce((sum, { firstMs, lastMs }) => Math.max(sum, lastMs - firstMs), 0);
  const stable = calls.every(
    ({ count, firstMs, lastMs }) => count >= namedCallsMin && lastMs - firstMs >= Math.min(dayMs, all / 2),
  );
  return names.length <= namesMax && stable && !names.includes('') && !names.includes('*') ? names : [];
}
