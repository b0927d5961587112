import { type AddressRange, parseBlock, subtract } from './address.ts';
import { type CompiledSelector, compileSelector } from './selector.ts';
import type { Direction, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Protocol } from './world.ts';

/** Ports of a rule: a span of numbers, or a name that each destination pod resolves for itself. */
export type PortRule = { protocol: Protocol; first: number; last: number } | { protocol: Protocol; portName: string };

export type Peer =
  | { type: 'blocks'; id: string; ranges: AddressRange[] }
  | { type: 'pods'; id: string; namespace: CompiledSelector | string; pods: CompiledSelector };

/** `peers` and `ports` undefined: any. */
export type Rule = { peers: Peer[] | undefined; ports: PortRule[] | undefined };

export type ParsedPolicy = {
  name: string;
  namespace: string;
  selector: CompiledSelector;
  /** A direction that is absent is not isolated by this policy; an empty list allows nothing. */
  rules: Partial<Record<Direction, Rule[]>>;
};

const parsed = new WeakMap<NetworkPolicy, ParsedPolicy>();

/** Makes a policy ready. Objects are frozen by contract, so each is parsed once. */
export function parsePolicy(policy: NetworkPolicy): ParsedPolicy {
  const known = parsed.get(policy);
  if (known !== undefined) return known;
  const namespace = policy.metadata.namespace ?? 'default';
  const spec = policy.spec ?? {};
  const types = spec.policyTypes?.length ? spec.policyTypes : defaultTypes(spec.egress);
  const rules: ParsedPolicy['rules'] = {};
  if (types.includes('Ingress'))
    rules.ingress = (spec.ingress ?? []).map(({ from, ports }) => parseRule(namespace, from, ports));
  if (types.includes('Egress'))
    rules.egress = (spec.egress ?? []).map(({ to, ports }) => parseRule(namespace, to, ports));
  const selector = compileSelector(spec.podSelector ?? {});
  const result = { name: `${namespace}/${policy.metadata.name}`, namespace, selector, rules };
  parsed.set(policy, result);
  return result;
}

/** Without policyTypes a policy is about ingress, and about egress when it says something of it. */
const defaultTypes = (egress: unknown[] | undefined) => (egress?.length ? ['Ingress', 'Egress'] : ['Ingress']);

/** A list that is absent, empty, or null in a file is the same: any. */
const parseRule = (namespace: string, peers?: NetworkPolicyPeer[], ports?: NetworkPolicyPort[]): Rule => ({
  peers: peers?.length ? peers.map((peer) => parsePeer(namespace, peer)) : undefined,
  ports: ports?.length ? ports.flatMap(parsePort) : undefined,
});

function parsePeer(namespace: string, peer: NetworkPolicyPeer): Peer {
  if (peer.ipBlock !== undefined) return parseIpBlock(peer.ipBlock);
  // A peer with neither selector matches nothing in the API's validation; here it must not become "everything".
  if (peer.podSelector === undefined && peer.namespaceSelector === undefined)
    return { type: 'blocks', id: 'nothing', ranges: [] };
  const pods = compileSelector(peer.podSelector ?? {});
  const within = peer.namespaceSelector === undefined ? namespace : compileSelector(peer.namespaceSelector);
  return {
    type: 'pods',
    id: JSON.stringify([typeof within === 'string' ? within : [within.id], pods.id]),
    namespace: within,
    pods,
  };
}

/** IPv6 blocks match nothing: pods have no IPv6 address and the kernel drops what they send over it. */
function parseIpBlock({ cidr, except = [] }: { cidr: string; except?: string[] }): Peer {
  const block = parseBlock(cidr);
  const holes = except.flatMap((hole) => parseBlock(hole) ?? []);
  const ranges = block === undefined ? [] : subtract(block, holes);
  return { type: 'blocks', id: JSON.stringify(ranges.map(({ first, last }) => [first, last])), ranges };
}

function parsePort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): PortRule[] {
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') return [];
  if (port === undefined || port === null) return [{ protocol, first: 0, last: 65535 }];
  if (typeof port === 'string') return [{ protocol, portName: port }];
  return [{ protocol, first: port, last: Math.max(port, endPort ?? port) }];
}
