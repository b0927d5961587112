import type { Flow, FlowEnd } from '../../../api/observations/observation.ts';
import { type Direction, type NetworkPolicyPort, type PolicyPod, podKey } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { type ObjectRef, refText } from '../../object-ref.ts';
import type { Places } from '../../observations/places.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';
import {
  anywhere,
  apiLocations,
  type Location,
  nodeAddresses,
  peerOfAddress,
  peerOfPods,
  podRanges,
  selectorOf,
} from './peers.ts';
import { createNeeds, dnsRule, type ExplainedRule, type Needs, namedPort, policySpec } from './rules.ts';
import { endText } from './seen.ts';

export type GeneratedPolicy = {
  workload: ObjectRef;
  policy: Manifest;
  rules: Record<Direction, ExplainedRule[]>;
};
/** Whatever is wrong here takes the cluster with it: only asked for by name. */
const systemNamespace = 'kube-system';

const offeredNote = 'a Service or a host port offers this to the outside on purpose: whoever comes from there may';

/** A workload that gets a policy, and what it needs in each direction. */
type WorkloadNeeds = { ref: ObjectRef; pod: PolicyPod; needs: Record<Direction, Needs> };

/** Gathers what each workload needs, flow by flow. */
export function createBuilder(snapshot: Snapshot, model: SnapshotWorld, { place }: Places, namespaces?: string[]) {
  const api = apiLocations(snapshot);
  const ranges = podRanges(snapshot);
  const exposed = new Set(
    model.world.exposures.map(({ namespace, pod, protocol, port }) => `${namespace}/${pod} ${protocol} ${port}`),
  );
  const workloads = new Map<string, WorkloadNeeds>();
  const skipped = new Map<string, string>();
  const podsOf = Map.groupBy(model.world.pods, (pod) => refText(model.workloads.get(podKey(pod))!));
  const isChosenNamespace = (name: string) => namespaces?.includes(name) ?? name !== systemNamespace;

  /** The workload at this end, when a policy can be made for it. */
  function workloadAt(end: FlowEnd): WorkloadNeeds | undefined {
    const { pod } = place(end);
    const ref = pod && model.workloads.get(podKey(pod));
    if (pod === undefined || !isChosenNamespace(pod.namespace)) return undefined;
    const skip = (why: string) => void skipped.set(endText(end), why);
    if (ref === undefined) return skip('it is gone: nothing is there to select');
    if (pod.hostNetwork) return skip('it runs on the network of its node, where policies select nothing');
    if (selectorOf(snapshot, model, pod) === undefined)
      return skip('it has no labels that stay, by which to select it');
    const known = workloads.get(refText(ref)) ?? {
      ref,
      pod,
      needs: { ingress: createNeeds(ranges), egress: createNeeds(ranges) },
    };
    workloads.set(refText(ref), known);
    return known;
  }

  function addIngress({ ref, pod, needs }: WorkloadNeeds, flow: Flow): void {
    const far = place(flow.from);
    const server = place(flow.to).pod!;
    const isNode = flow.from.type === 'node' && flow.from.name === server.node;
    // Probes come from the own node, which always reaches its pods.
    if (isNode) return;
    const ports = [namedPort(podsOf.get(refText(ref)) ?? [pod], flow.protocol, flow.port)];
    const offered = exposed.has(`${podKey(server)} ${flow.protocol} ${flow.port}`);
    if (flow.from.type !== 'pod' && offered) needs.ingress.add([anywhere(ranges)], ports, flow, offeredNote);
    else addPeers(needs.ingress, pod.namespace, far.pod, ports, flow, flow.from);
  }

  function addEgress({ pod, needs }: WorkloadNeeds, flow: Flow): void {
    const { to, protocol, port } = flow;
    const address = to.type === 'pod' ? undefined : to.address;
    const at = ({ address: other, port: otherPort }: Location) => other === address && otherPort === port;
    if (model.world.wellKnown.some(({ name, backend, aliases }) => name === 'dns' && [backend, ...aliases].some(at)))
      return;
    if (address !== undefined && api.some(at)) {
      const peers = [...new Set(api.map(({ address }) => address))].map(peerOfAddress);
      const ports = [...new Set(api.map(({ port }) => port))].map((port) => ({ protocol, port }));
      needs.egress.add(peers, ports, flow, 'the API server: by its address in the cluster and those behind it');
      return;
    }
    addPeers(needs.egress, pod.namespace, place(to).pod, [{ protocol, port }], flow, to);
  }

  /** Pods by selectors; nodes, and pods on their network, by the addresses of the nodes; the rest by its address. */
  function addPeers(
    needs: Needs,
    own: string,
    pod: PolicyPod | undefined,
    ports: NetworkPolicyPort[],
    flow: Flow,
    end: FlowEnd,
  ) {
    if (pod !== undefined && !pod.hostNetwork) {
      const selector = selectorOf(snapshot, model, pod);
      if (selector !== undefined) needs.add([peerOfPods(own, pod.namespace, selector)], ports, flow);
      return;
    }
    if (end.type === 'address') return needs.addOutside(end.address, flow);
    const addresses = nodeAddresses(model, pod === undefined ? { node: (end as { name: string }).name } : { pod });
    const known = end.type === 'node' ? [...new Set([...addresses, end.address])] : addresses;
    const why =
      pod === undefined
        ? `a node is known by its addresses only`
        : `${endText(end)} runs on the network of its node, where selectors do not find it: the addresses of its nodes`;
    if (known.length > 0) needs.add(known.map(peerOfAddress), ports, flow, why);
  }

  return {
    isChosen: (end: FlowEnd) => end.type === 'pod' && isChosenNamespace(end.namespace),
    add(flow: Flow) {
      const [client, server] = [workloadAt(flow.from), workloadAt(flow.to)];
      if (client !== undefined) addEgress(client, flow);
      if (server !== undefined) addIngress(server, flow);
    },
    policies: (): GeneratedPolicy[] =>
      [...workloads.values()].map(({ ref, pod, needs }) => {
        const rules = { ingress: needs.ingress.rules(), egress: [dnsRule, ...needs.egress.rules()] };
        const spec = policySpec(selectorOf(snapshot, model, pod)!, rules);
        const metadata = { name: `${ref.kind.split('.')[0]!.toLowerCase()}-${ref.name}`, namespace: pod.namespace };
        const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
        return { workload: ref, rules, policy };
      }),
    skipped: () => [
      ...[...skipped].map(([what, why]) => ({ what, why })),
      ...[...podsOf]
        .filter(([ref, [pod]]) => !workloads.has(ref) && isChosenNamespace(pod!.namespace) && !pod!.hostNetwork)
        .map(([what]) => ({ what, why: 'no flow of it was seen: it stays as open or closed as it is' })),
    ],
  };
}
