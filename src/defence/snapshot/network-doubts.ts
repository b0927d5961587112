import type { Manifest } from '../contract.ts';
import { networkPolicyKind, otherPolicyKinds, readKinds } from './kinds.ts';
import { networkPlugin } from './network-plugin.ts';
import { oncePerSnapshot } from './once.ts';
import type { Snapshot } from './snapshot.ts';

/** Something that decides beside NetworkPolicies and is not evaluated; namespace empty: of pods everywhere. */
export type OtherDecider = { what: string; why: string; namespace: string };

/** Why NetworkPolicies alone do not say who may connect. */
export type NetworkDoubts = {
  /** What decides besides and is not evaluated: of what it is about, neither answer is known. */
  others: OtherDecider[];
  /** Why what policies refuse may pass all the same. */
  unenforced: string | undefined;
};

/** The doubts that every question about connections of a snapshot has to ask for. */
export const networkDoubts = oncePerSnapshot(
  (snapshot): NetworkDoubts => ({ others: otherDeciders(snapshot), unenforced: unenforced(snapshot) }),
);

const definition = 'CustomResourceDefinition.apiextensions.k8s.io';
const apiService = 'APIService.apiregistration.k8s.io';
/** Where it stands which kinds of others there are. */
export const definingKinds = [definition, apiService];
/** A policy of the root namespace of a mesh is for all of it: https://istio.io/latest/docs/reference/config/security/ */
const meshRoot = 'istio-system';
/** Kinds that nobody here knows, and whose name says that they decide who may connect. */
const deciding = /(NetworkPolicy|EgressFirewall|AuthorizationPolicy|TrafficPermission|ServiceIntentions)$/;
/** API groups that another server answers for, with such kinds. */
const decidingGroups = /(^|\.)projectcalico\.org$/;
const readNames = new Set(readKinds.map(({ name }) => name));
const readGroups = new Set(readKinds.map(({ group }) => group));

/**
 * Policies of other kinds, by namespace where they count for one only. Some of them allow what a NetworkPolicy does not,
 * others refuse what it allows, and which goes first differs: where there is one, NetworkPolicies prove nothing. Clusters
 * of Rempart enforce NetworkPolicies alone.
 */
export function otherDeciders(snapshot: Snapshot): OtherDecider[] {
  if (snapshot.closedByDefault) return [];
  const read = otherPolicyKinds.flatMap(({ name, namespaced }): OtherDecider[] => {
    const unread = snapshot.whyUnread(name);
    if (unread !== undefined)
      return [{ what: name, why: `it would also decide, and was not read: ${unread}`, namespace: '' }];
    const places = snapshot.of(name).map(({ metadata }) => placeOf(namespaced, metadata.namespace));
    return [...Map.groupBy(places, (place) => place)].map(([namespace, { length }]) => ({
      ...{ what: namespace === '' ? name : `${name} of namespace ${namespace}`, namespace },
      why: `${length} also ${length === 1 ? 'decides' : 'decide'}, and ${length === 1 ? 'is' : 'are'} not evaluated`,
    }));
  });
  const why = 'objects of it may also decide, and are not read';
  const unlisted = definingKinds.flatMap((kind): OtherDecider[] => {
    const unread = snapshot.whyUnread(kind);
    const kinds = `whether there are kinds that also decide is not known: ${unread}`;
    return unread === undefined ? [] : [{ what: kind, why: kinds, namespace: '' }];
  });
  const unknown = unknownKinds(snapshot).map((what) => ({ what, why, namespace: '' }));
  return [...read, ...unlisted, ...unknown, ...blocksOfIPv6(snapshot)];
}

const known = new WeakMap<Manifest, boolean>();

/** Objects are frozen by contract, so each policy is looked through once. */
function namesIPv6(policy: Manifest): boolean {
  const found = known.get(policy) ?? /"cidr":"[^"]*:/.test(JSON.stringify(policy['spec'] ?? {}));
  known.set(policy, found);
  return found;
}

/** Blocks of IPv6 match nothing in the evaluator, which is right where no pod has such an address: on our clusters. */
function blocksOfIPv6(snapshot: Snapshot): OtherDecider[] {
  const policies = snapshot.of(networkPolicyKind).filter(namesIPv6);
  if (policies.length === 0 || !snapshot.of('Pod').some(hasIPv6)) return [];
  return policies.map(({ metadata }) => ({
    what: `IPv6 blocks of NetworkPolicy ${metadata.namespace}/${metadata.name}`,
    why: 'pods here have IPv6 addresses, and connections over IPv6 are not evaluated',
    namespace: metadata.namespace ?? '',
  }));
}

const hasIPv6 = ({ status }: Manifest): boolean =>
  (Array.isArray(status?.podIPs) ? status.podIPs : [{ ip: status?.podIP }]).some(({ ip }: { ip?: unknown }) =>
    String(ip).includes(':'),
  );

const placeOf = (namespaced: boolean, namespace = ''): string =>
  namespaced && namespace !== meshRoot ? namespace : '';

function unknownKinds({ of }: Snapshot): string[] {
  const defined = of(definition)
    .map(({ spec }) => ({ kind: String(spec?.names?.kind), group: String(spec?.group) }))
    .filter(({ kind, group }) => deciding.test(kind) && !readNames.has(`${kind}.${group}`))
    .map(({ kind, group }) => `${kind}.${group}`);
  const elsewhere = of(apiService)
    .map(({ spec }) => ({ group: String(spec?.group), remote: spec?.service !== undefined && spec.service !== null }))
    .filter(({ group, remote }) => remote && decidingGroups.test(group) && !readGroups.has(group))
    .map(({ group }) => `policies of ${group}`);
  return [...new Set([...defined, ...elsewhere])];
}

/** Why nothing that NetworkPolicies refuse is known to be refused: on clusters of others the network plugin decides. */
export function unenforced(snapshot: Snapshot): string | undefined {
  if (snapshot.closedByDefault || snapshot.source === 'manifests') return undefined;
  const plugin = networkPlugin(snapshot);
  if (plugin?.enforces) return undefined;
  return plugin === undefined
    ? 'whether anything enforces NetworkPolicies is not known: no network plugin that does is seen among the DaemonSets'
    : `nothing is seen that enforces NetworkPolicies: DaemonSet ${plugin.name} does not`;
}

/** Both as what is told of a whole answer. */
export const doubtsOf = (doubts: NetworkDoubts) => [
  ...doubts.others.map(({ what, why }) => ({ what, why })),
  ...(doubts.unenforced === undefined ? [] : [{ what: 'what NetworkPolicies refuse', why: doubts.unenforced }]),
];

/**
 * Why what NetworkPolicies say of a connection between pods of these namespaces is not settled: the first other decider
 * about one of them, or, where they refuse, that nothing enforces it.
 */
export function doubtAbout(
  { others, unenforced }: NetworkDoubts,
  namespaces: (string | undefined)[],
  allowed: boolean,
): string | undefined {
  const found = others.find(({ namespace }) => namespace === '' || namespaces.includes(namespace));
  if (found !== undefined) return `${found.what}: ${found.why}`;
  return allowed ? undefined : unenforced;
}
