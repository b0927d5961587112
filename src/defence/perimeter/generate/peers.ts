import type { LabelSelector } from '../../../api/selectors.ts';
import {
  contains,
  type NetworkPolicyPeer,
  namespaceNameLabel,
  type PolicyPod,
  parseAddress,
  parseBlock,
  podKey,
  serviceNameLabel,
} from '../../../policy/policy.ts';
import { refKey } from '../../object-ref.ts';
import { lastingLabels } from '../../observations/places.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';

/** The selector by which a controller finds its pods; of what has none, the labels that stay. Undefined: no labels. */
export function selectorOf(
  snapshot: Snapshot,
  { workloads }: SnapshotWorld,
  pod: PolicyPod,
): LabelSelector | undefined {
  const ref = workloads.get(podKey(pod));
  const selector = ref && snapshot.get(ref)?.spec?.selector;
  const own = ref?.kind.endsWith('.apps') ? (selector as LabelSelector | undefined) : undefined;
  if (own?.matchLabels !== undefined || own?.matchExpressions !== undefined) return own;
  const matchLabels = lastingLabels(pod.labels);
  return Object.keys(matchLabels).length === 0 ? undefined : { matchLabels };
}

/** Pods of a namespace by the name that every namespace bears as a label; those of the own one by their labels alone. */
export const peerOfPods = (own: string, namespace: string, podSelector: LabelSelector): NetworkPolicyPeer =>
  own === namespace
    ? { podSelector }
    : { namespaceSelector: { matchLabels: { [namespaceNameLabel]: namespace } }, podSelector };

export const peerOfAddress = (address: string): NetworkPolicyPeer => ({ ipBlock: { cidr: `${address}/32` } });

/** Every address of the nodes that a workload on their network runs on, or of one node. */
export function nodeAddresses(
  { world, workloads }: SnapshotWorld,
  end: { node: string } | { pod: PolicyPod },
): string[] {
  const nodes =
    'node' in end
      ? [end.node]
      : world.pods.filter((pod) => pod.hostNetwork && sameWorkload(workloads, pod, end.pod)).map(({ node }) => node);
  const addresses = world.nodes.filter(({ name }) => nodes.includes(name)).flatMap(({ addresses }) => addresses);
  return [...new Set(addresses)].filter((address) => parseAddress(address) !== undefined).sort();
}

function sameWorkload(workloads: SnapshotWorld['workloads'], a: PolicyPod, b: PolicyPod): boolean {
  const [one, other] = [workloads.get(podKey(a)), workloads.get(podKey(b))];
  return a === b || (one !== undefined && other !== undefined && refKey(one) === refKey(other));
}

export type Location = { address: string; port: number };

/** Where the API server can be found: the address of its Service and those behind it. */
export function apiLocations(snapshot: Snapshot): Location[] {
  const service = snapshot.get({ kind: 'Service', namespace: 'default', name: 'kubernetes' });
  const slices = snapshot
    .of('EndpointSlice.discovery.k8s.io', 'default')
    .filter(({ metadata }) => metadata.labels?.[serviceNameLabel] === 'kubernetes');
  const fronts = ((service?.spec?.ports ?? []) as { port: number }[]).map(({ port }) => ({
    ...{ address: service!.spec.clusterIP as string, port },
  }));
  const backs = slices.flatMap(({ endpoints, ports }) =>
    ((endpoints ?? []) as { addresses: string[] }[]).flatMap(({ addresses }) =>
      ((ports ?? []) as { port: number }[]).map(({ port }) => ({ address: addresses[0]!, port })),
    ),
  );
  return [...fronts, ...backs].filter(({ address }) => parseAddress(address) !== undefined);
}

/** More single addresses than this on one port become ranges of 256, and more of those become all of a network. */
const blocksMax = 16;

/** Inside somebody's network (RFC 1918, RFC 6598). */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/** The ranges from which nodes give addresses to pods: never meant by a block that is about the outside. */
export const podRanges = (snapshot: Snapshot): string[] =>
  [...new Set(snapshot.of('Node').flatMap(({ spec }) => (spec?.podCIDRs ?? [spec?.podCIDR]) as (string | undefined)[]))]
    .filter((cidr): cidr is string => cidr !== undefined && parseBlock(cidr) !== undefined)
    .sort();

/** Addresses outside of the cluster as blocks without `pods`, widened where they are many; `note` says so. */
export function blocksOf(addresses: string[], pods: string[]): { peers: NetworkPolicyPeer[]; note?: string } {
  const sorted = [...new Set(addresses)].sort((a, b) => parseAddress(a)! - parseAddress(b)!);
  if (sorted.length <= blocksMax) return { peers: sorted.map(peerOfAddress) };
  const ranges = [...new Set(sorted.map((address) => address.replace(/\.\d+$/, '.0/24')))];
  const seen = `${sorted.length} addresses were seen: widened to`;
  if (ranges.length <= blocksMax)
    return { peers: ranges.map((cidr) => blockWithout(cidr, pods)), note: `${seen} ranges of 256` };
  const home = (address: string) => privateRanges.find((cidr) => contains(parseBlock(cidr)!, parseAddress(address)!));
  const networks = [...new Set(sorted.map((address) => home(address)))];
  return {
    peers: networks.map((cidr) =>
      blockWithout(cidr ?? '0.0.0.0/0', cidr === undefined ? [...privateRanges, ...pods] : pods),
    ),
    note: `${seen} ${networks.map((cidr) => cidr ?? 'the Internet').join(', ')}`,
  };
}

/** Every address but those of pods, which are known by their labels. */
export const anywhere = (pods: string[]): NetworkPolicyPeer => blockWithout('0.0.0.0/0', pods);

/** A hole must lie within its block; one that lies within another hole is said already. */
function blockWithout(cidr: string, holes: string[]): NetworkPolicyPeer {
  const within = (inner: string, outer: string) => {
    const [a, b] = [parseBlock(inner)!, parseBlock(outer)!];
    return inner !== outer && b.first <= a.first && a.last <= b.last;
  };
  const except = holes.filter((hole) => within(hole, cidr) && !holes.some((other) => within(hole, other)));
  return { ipBlock: except.length === 0 ? { cidr } : { cidr, except } };
}
