import { parseAddress } from './address.ts';
import { type ParsedPolicy, type Peer, parsePolicy } from './parse.ts';
import { compileSelector } from './selector.ts';
import {
  type Direction,
  type Exposure,
  type Isolation,
  isolationOf,
  namespaceNameLabel,
  type PolicyNamespace,
  type PolicyPod,
  podKey,
  type WellKnown,
  type World,
} from './world.ts';

/**
 * Pods that no policy can tell apart: same namespace, same values of every label that some selector looks at. Ten
 * thousand pods are a few hundred classes, and everything about selectors is decided once per class.
 */
export type PodClass = {
  namespace: PolicyNamespace;
  labels: PolicyPod['labels'];
  pods: PolicyPod[];
  isolation: Isolation;
  /** The policies that select these pods, per direction. */
  selectedBy: Record<Direction, ParsedPolicy[]>;
};

/** A world made ready for questions. It holds references to the world's parts and must be made anew when they change. */
export type Index = {
  world: World;
  policies: ParsedPolicy[];
  classes: PodClass[];
  classOf(pod: PolicyPod): PodClass;
  podByKey: ReadonlyMap<string, PolicyPod>;
  podByAddress: ReadonlyMap<number, PolicyPod>;
  nodeByAddress: Map<number, string>;
  wellKnownByLocation: Map<string, WellKnown>;
  exposuresOf(pod: PolicyPod): Exposure[];
};

export const locationKey = (address: string, port: number): string => `${address}:${port}`;

const made = new WeakMap<World, Index>();

/** One index per world, whoever asks: an evaluator and the reach of the same world share it. */
export function createIndex(world: World): Index {
  const index = made.get(world) ?? indexOf(world);
  made.set(world, index);
  return index;
}

function indexOf(world: World): Index {
  const policies = world.policies.map(parsePolicy);
  const policiesOf = Map.groupBy(policies, ({ namespace }) => namespace);
  const namespaces = new Map(world.namespaces.map((namespace) => [namespace.name, namespace]));
  const namespaceOf = (name: string): PolicyNamespace => {
    // Not known yet: judged as one of which nothing was said, which is the closed default.
    const namespace = namespaces.get(name) ?? { name, labels: { [namespaceNameLabel]: name } };
    namespaces.set(name, namespace);
    return namespace;
  };
  const { groups, groupOf } = alikeBy(selectorKeys(policies), world.pods);
  const classes = groups.map((pods) => {
    const { namespace } = pods[0]!;
    return createClass(pods, namespaceOf(namespace), policiesOf.get(namespace) ?? [], world);
  });
  const exposures = Map.groupBy(world.exposures, ({ namespace, pod }) => podKey({ namespace, name: pod }));
  return {
    ...{ world, policies, classes },
    classOf: (pod) => classes[groupOf.get(pod)!]!,
    podByKey: podsByKey(world.pods),
    podByAddress: podsByAddress(world.pods),
    nodeByAddress: new Map(
      world.nodes.flatMap(({ name, addresses }) => addressesOf(addresses).map((ip) => [ip, name] as const)),
    ),
    wellKnownByLocation: new Map(
      world.wellKnown.flatMap((service) =>
        [service.backend, ...service.aliases].map(
          ({ address, port }) => [locationKey(address, port), service] as const,
        ),
      ),
    ),
    exposuresOf: (pod) => (exposures.size === 0 ? [] : (exposures.get(podKey(pod)) ?? [])),
  };
}

type Alike = { keys: string; groups: PolicyPod[][]; groupOf: Map<PolicyPod, number> };
const alike = new WeakMap<PolicyPod[], Alike>();

/**
 * Pods of one namespace with the same values of these labels. Worlds that differ by a policy share their pods, and mostly
 * what its selectors look at.
 */
function alikeBy(labels: string[], pods: PolicyPod[]): Alike {
  const keys = JSON.stringify(labels);
  const known = alike.get(pods);
  if (known?.keys === keys) return known;
  const numbers = new Map<string, number>();
  const made: Alike = { keys, groups: [], groupOf: new Map() };
  for (const pod of pods) {
    if (pod.hostNetwork) continue;
    let id = pod.namespace;
    for (const label of labels) id += `\u0000${pod.labels[label] ?? '\u0001'}`;
    let number = numbers.get(id);
    if (number === undefined) {
      number = made.groups.push([]) - 1;
      numbers.set(id, number);
    }
    made.groups[number]!.push(pod);
    made.groupOf.set(pod, number);
  }
  alike.set(pods, made);
  return made;
}

/** Once per list of pods, which is not changed once a world has it. */
function oncePerPods<T>(make: (pods: PolicyPod[]) => T): (pods: PolicyPod[]) => T {
  const known = new WeakMap<PolicyPod[], { made: T }>();
  return (pods) => {
    const found = known.get(pods) ?? { made: make(pods) };
    known.set(pods, found);
    return found.made;
  };
}

/** Pods by `podKey`. */
export const podsByKey = oncePerPods(
  (pods): ReadonlyMap<string, PolicyPod> => new Map(pods.map((pod) => [podKey(pod), pod])),
);

const podsByAddress = oncePerPods((pods): ReadonlyMap<number, PolicyPod> => {
  const byAddress = new Map<number, PolicyPod>();
  for (const pod of pods) if (!pod.hostNetwork) for (const address of addressesOf(pod.ips)) byAddress.set(address, pod);
  return byAddress;
});

const parsedAddresses = new WeakMap<string[], number[]>();

/** The IPv4 addresses among these. A pod's list is frozen by contract, so it is parsed once. */
export function addressesOf(texts: string[]): number[] {
  let addresses = parsedAddresses.get(texts);
  if (addresses === undefined) {
    addresses = texts.flatMap((text) => parseAddress(text) ?? []);
    parsedAddresses.set(texts, addresses);
  }
  return addresses;
}

/** The labels of pods that selectors look at. */
function selectorKeys(policies: ParsedPolicy[]): string[] {
  const found = new Set<string>();
  for (const { selector, rules } of policies) {
    for (const key of selector.keys) found.add(key);
    for (const list of [rules.ingress, rules.egress])
      for (const { peers } of list ?? [])
        for (const peer of peers ?? []) if (peer.type === 'pods') for (const key of peer.pods.keys) found.add(key);
  }
  return [...found].sort();
}

/** The class of pods that are alike. */
function createClass(
  pods: PolicyPod[],
  namespace: PolicyNamespace,
  policies: ParsedPolicy[],
  { foreign, defaultIsolation }: World,
): PodClass {
  const { labels } = pods[0]!;
  const selecting = policies.filter((policy) => policy.selector.matches(labels));
  const selectedBy = {
    ingress: selecting.filter(({ rules }) => rules.ingress !== undefined),
    egress: selecting.filter(({ rules }) => rules.egress !== undefined),
  };
  const isolation = foreign ? 'off' : isolationOf(namespace, defaultIsolation);
  return { namespace, labels, pods, isolation, selectedBy };
}

/** Does this peer's selector find what lives in `namespace` with these labels? Selectors of one peer are ANDed. */
export function peerSelects(peer: Peer, namespace: PolicyNamespace, labels: PolicyPod['labels']): boolean {
  if (peer.type !== 'pods') return false;
  const within =
    typeof peer.namespace === 'string' ? peer.namespace === namespace.name : peer.namespace.matches(namespace.labels);
  return within && peer.pods.matches(labels);
}

/** The peer "every pod of this namespace". */
export const namespacePeer = (name: string): Peer & { type: 'pods' } => ({
  type: 'pods',
  id: JSON.stringify(['namespace', name]),
  namespace: name,
  pods: everything,
});

const everything = compileSelector({});
