import { type AddressRange, type PolicyPod, type Protocol, parseBlock } from '../../policy/policy.ts';
import type { ObjectRef } from '../object-ref.ts';
import { networkPolicyKind } from '../snapshot/kinds.ts';
import type { Network } from '../snapshot/network.ts';
import { doubtAbout } from '../snapshot/network-doubts.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { blocksMax, type ClientAddress, clientAddresses } from './clients.ts';

export type EntryType =
  | 'LoadBalancer'
  | 'NodePort'
  | 'external IP'
  | 'Ingress'
  | 'Gateway'
  | 'host port'
  | 'host network';

/** One way from outside to one port of a workload. */
export type Entry = {
  type: EntryType;
  /** Where somebody outside connects to: `203.0.113.7:443`, `any node:30080`, `https://shop.example/api`. */
  at: string;
  /** Who gets there: `everybody`, or the networks that an allow-list names. */
  from: string;
  /** Is it known to be open to the Internet, or only to whoever reaches the nodes, or an internal network? */
  reach: 'internet' | 'nodes' | 'internal';
  /** The objects that make it possible, from outside to inside. */
  via: ObjectRef[];
  workload: ObjectRef;
  protocol: Protocol;
  port: number | undefined;
  /** What policies say of it. */
  verdict: 'open' | 'closed' | 'not assessed';
  why: string;
  /** The policies that decide. */
  by: ObjectRef[];
};

/** What all entries are judged by. */
export type ExposureContext = {
  snapshot: Snapshot;
  network: Network;
  /** May somebody of these networks (undefined: anywhere) connect to that port of the pod? */
  judge(
    pod: PolicyPod,
    protocol: Protocol,
    port: number,
    options: { allowed?: AddressRange[]; masked?: boolean },
  ): Judged;
};

export type Judged = Pick<Entry, 'verdict' | 'why' | 'by'> & { public: boolean };

const policyRef = (name: string): ObjectRef => {
  const [namespace = '', ...rest] = name.split('/');
  return { kind: networkPolicyKind, namespace, name: rest.join('/') };
};

export function createExposureContext(snapshot: Snapshot, network: Network): ExposureContext {
  const { world, evaluator } = network;
  const own = new Set([...world.pods.flatMap(({ ips }) => ips), ...world.nodes.flatMap(({ addresses }) => addresses)]);
  const policies = Map.groupBy(world.policies, ({ metadata }) => metadata.namespace ?? 'default');
  const known = new Map<string, ClientAddress[] | undefined>();
  const clients = (namespace: string, allowed: AddressRange[] | undefined) => {
    const key = `${namespace} ${JSON.stringify(allowed ?? null)}`;
    if (!known.has(key))
      known.set(
        key,
        clientAddresses(policies.get(namespace) ?? [], allowed, (address) => own.has(address)),
      );
    return known.get(key);
  };
  const decide = (address: string, pod: PolicyPod, protocol: Protocol, port: number) =>
    evaluator.evaluate({ address }, { pod: `${pod.namespace}/${pod.name}` }, protocol, port).ingress;
  const judge: ExposureContext['judge'] = (pod, protocol, port, { allowed, masked }) => {
    if (pod.hostNetwork)
      return { verdict: 'open', why: 'no policy applies to a pod on its node’s network', by: [], public: true };
    const asked = clients(pod.namespace, allowed);
    if (asked === undefined) {
      const why = `policies of namespace ${pod.namespace} name more than ${blocksMax} blocks of addresses`;
      return { verdict: 'not assessed', why, by: [], public: true };
    }
    const sides = asked.map((client) => ({
      client,
      side: decide(client.address, pod, protocol, port),
    }));
    const open = sides.filter(({ side }) => side.allowed);
    if (open.length > 0) {
      const { side } = open[0]!;
      const some = open.length < sides.length ? ' from some addresses only' : '';
      const why = side.why === 'policy' ? `policies allow it${some}` : (openBy[side.why] ?? side.why);
      return { verdict: 'open', why, by: side.by.map(policyRef), public: open.some(({ client }) => client.public) };
    }
    const { side } = sides[0] ?? { side: undefined };
    if (side === undefined) return { verdict: 'closed', why: 'the allow-list lets nobody in', by: [], public: false };
    const by = side.by.map(policyRef);
    const node = masked ? otherNode(network, pod) : undefined;
    if (node !== undefined && decide(node, pod, protocol, port).allowed)
      return {
        ...{ verdict: 'not assessed', by, public: true },
        why: 'policies allow the addresses of nodes, and with externalTrafficPolicy: Cluster the pod may see one of these',
      };
    const why = side.why === 'policy' ? 'no policy allows anybody outside' : `isolation of its namespace: ${side.why}`;
    const doubt = doubtAbout(network, [pod.namespace], false);
    if (doubt !== undefined) return { verdict: 'not assessed', why: `${why}; but ${doubt}`, by, public: true };
    return { verdict: 'closed', why, by, public: false };
  };
  return { snapshot, network, judge };
}

const openBy: Record<string, string> = {
  off: 'no policy selects the pod',
  island: 'no policy selects the pod, and it is exposed on purpose',
};

const otherNode = ({ world }: Network, pod: PolicyPod): string | undefined =>
  world.nodes.find(({ name }) => name !== pod.node)?.addresses[0];

/** Networks of an allow-list; undefined: it names none, everybody may come. */
export function allowList(ranges: unknown): AddressRange[] | undefined {
  if (!Array.isArray(ranges) || ranges.length === 0) return undefined;
  const parsed = ranges.flatMap((range) => (typeof range === 'string' ? (parseBlock(range) ?? []) : []));
  // Whom ranges of IPv6 let in is not worked out: nobody is taken for kept out by them.
  const isOpen = parsed.length === 0 || parsed.some(({ first, last }) => first === 0 && last === 2 ** 32 - 1);
  return isOpen ? undefined : parsed;
}

/** Entries of the pods of one workload are one: the most open of them. */
export function mergeEntries(entries: Entry[]): Entry[] {
  const rank = { open: 0, 'not assessed': 1, closed: 2 };
  const found = new Map<string, Entry>();
  for (const entry of entries) {
    const { kind, namespace, name } = entry.workload;
    const key = [entry.type, entry.at, kind, namespace, name, entry.protocol, entry.port].join(' ');
    const known = found.get(key);
    if (known === undefined || rank[entry.verdict] < rank[known.verdict]) found.set(key, entry);
  }
  return [...found.values()];
}
