import { isolationOf, type NetworkPolicyPeer, type PolicyPod, type Protocol, podKey, type World } from '../world.ts';

/** A pod or a plain address, as test worlds have them. */
export type End = PolicyPod | string;

const octets = (text: string) =>
  text.split('.').reduce((bits, part) => bits + Number(part).toString(2).padStart(8, '0'), '');
const inCidr = (address: string, cidr: string) => {
  const [base, prefix] = cidr.split('/') as [string, string];
  return octets(address).startsWith(octets(base).slice(0, Number(prefix)));
};
const labelsMatch = (selector: any, labels: Record<string, string>) =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
  (selector.matchExpressions ?? []).every((e: any) => {
    if (e.operator === 'Exists') return e.key in labels;
    if (e.operator === 'DoesNotExist') return !(e.key in labels);
    return (e.operator === 'In') === (e.key in labels && e.values.includes(labels[e.key]));
  });

/**
 * The documentation of NetworkPolicy read literally, one sentence per line, without any preparation: what the
 * evaluator is compared with. Worlds here have no well-known services.
 */
export function modelAllows(world: World, from: End, to: End, protocol: Protocol, port: number): boolean {
  const asPod = (end: End) => (typeof end === 'string' || end.hostNetwork ? undefined : end);
  const addressOf = (end: End) => (typeof end === 'string' ? end : end.ips[0]!);
  const nodeOf = (end: End) =>
    typeof end === 'string' ? world.nodes.find(({ addresses }) => addresses.includes(end))?.name : end.node;
  const namespaceOf = (name: string) => world.namespaces.find((namespace) => namespace.name === name)!;
  const [source, target] = [asPod(from), asPod(to)];
  if (source !== undefined && source === target) return true;

  const peerMatches = (peer: NetworkPolicyPeer, end: End, policyNamespace: string) => {
    if (peer.ipBlock) {
      const { cidr, except = [] } = peer.ipBlock;
      return inCidr(addressOf(end), cidr) && !except.some((hole) => inCidr(addressOf(end), hole));
    }
    const pod = asPod(end);
    if (pod === undefined) return false;
    const inNamespace = peer.namespaceSelector
      ? labelsMatch(peer.namespaceSelector, namespaceOf(pod.namespace).labels)
      : pod.namespace === policyNamespace;
    return inNamespace && labelsMatch(peer.podSelector ?? {}, pod.labels);
  };
  const portMatches = (rule: any) => {
    if ((rule.protocol ?? 'TCP') !== protocol) return false;
    if (rule.port === undefined) return true;
    if (typeof rule.port === 'string')
      return target?.ports.some((p) => p.name === rule.port && p.protocol === protocol && p.port === port) ?? false;
    return rule.port <= port && port <= (rule.endPort ?? rule.port);
  };
  const sideAllows = (pod: PolicyPod, type: 'Ingress' | 'Egress', far: End, byMode: () => boolean) => {
    const selecting = world.policies.filter(({ metadata, spec }) => {
      const types = spec!.policyTypes ?? ['Ingress', ...(spec!.egress?.length ? ['Egress'] : [])];
      return metadata.namespace === pod.namespace && labelsMatch(spec!.podSelector, pod.labels) && types.includes(type);
    });
    if (selecting.length === 0) return byMode();
    return selecting.some(({ metadata, spec }) =>
      ((type === 'Ingress' ? spec!.ingress : spec!.egress) ?? []).some((rule: any) => {
        const peers: NetworkPolicyPeer[] = rule.from ?? rule.to ?? [];
        const ports: any[] = rule.ports ?? [];
        return (
          (peers.length === 0 || peers.some((peer) => peerMatches(peer, far, metadata.namespace!))) &&
          (ports.length === 0 || ports.some(portMatches))
        );
      }),
    );
  };
  const mode = (pod: PolicyPod) =>
    world.foreign ? 'off' : isolationOf(namespaceOf(pod.namespace), world.defaultIsolation);
  const sameNamespace = source !== undefined && source.namespace === target?.namespace;

  const out = () => {
    if (source === undefined) return true;
    if (target === undefined && nodeOf(to) === source.node && !world.foreign) {
      const offered = world.pods.some(
        (pod) =>
          pod.hostNetwork &&
          pod.node === source.node &&
          pod.ports.some((p) => p.protocol === protocol && p.port === port),
      );
      if (!offered) return false;
    }
    return sideAllows(
      source,
      'Egress',
      to,
      () => mode(source) === 'off' || (mode(source) === 'island' && sameNamespace),
    );
  };
  const into = () => {
    if (target === undefined) return true;
    if (source === undefined && nodeOf(from) === target.node) return true;
    const exposed = world.exposures.some(
      (e) => `${e.namespace}/${e.pod}` === podKey(target) && e.protocol === protocol && e.port === port,
    );
    return sideAllows(
      target,
      'Ingress',
      from,
      () => mode(target) === 'off' || (mode(target) === 'island' && (sameNamespace || exposed)),
    );
  };
  return out() && into();
}
