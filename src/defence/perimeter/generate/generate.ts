import { matchesSelector } from '../../../api/selectors.ts';
import { type Direction, type NetworkPolicyPort, type PolicyPod, podKey } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import type { Flow, FlowEnd, Observations } from '../../observations/observation.ts';
import { type Places, placesOf } from '../../preview/network/places.ts';
import { type ObjectRef, refText, type Snapshot } from '../../snapshot/snapshot.ts';
import { type SnapshotWorld, worldOfSnapshot } from '../../snapshot/world.ts';
import {
  apiLocations,
  type Location,
  nodeAddresses,
  peerOfAddress,
  peerOfPods,
  podRanges,
  selectorOf,
} from './peers.ts';
import { createNeeds, dnsRule, type ExplainedRule, type Needs, namedPort, policySpec } from './rules.ts';
import { behindServices, endText, flowText, isIPv4, windowTexts } from './seen.ts';
import { uncoveredFlows } from './uncovered.ts';

export type GeneratedPolicy = {
  workload: ObjectRef;
  policy: Manifest;
  rules: Record<Direction, ExplainedRule[]>;
};
export type Generated = {
  policies: GeneratedPolicy[];
  /** Flows that were let through, and would not be by these policies, or not for sure. */
  notCovered: { flow: string; why: string }[];
  /** What no policy was made for, and why. */
  skipped: { what: string; why: string }[];
  covered: string[];
  warnings: string[];
};

/** Whatever is wrong here takes the cluster with it: only asked for by name. */
const systemNamespace = 'kube-system';

/**
 * One NetworkPolicy per workload that was seen to take part in a flow, allowing what was seen, and DNS. Then the
 * evaluator judges every flow again with these policies in force: what they would cut is told, not hidden.
 */
export function generatePolicies(snapshot: Snapshot, observations: Observations, namespaces?: string[]): Generated {
  const model = worldOfSnapshot(snapshot);
  const places = placesOf(model, model);
  const allowed = observations.flows.filter(({ allowed }) => allowed);
  const flows = behindServices(
    snapshot,
    model,
    allowed.filter(({ from, to }) => isIPv4(from) && isIPv4(to)),
  );
  const builder = createBuilder(snapshot, model, places, namespaces);
  for (const flow of flows) builder.add(flow);
  const policies = builder.policies();
  const within = ({ from, to }: Flow) => builder.isChosen(from) || builder.isChosen(to);
  const sixes = allowed.filter(({ from, to }) => !isIPv4(from) || !isIPv4(to)).filter(within);
  const { covered, warnings } = windowTexts(observations.windows.flows);
  return {
    policies,
    notCovered: [
      ...uncoveredFlows(
        snapshot,
        policies.map(({ policy }) => policy),
        flows.filter(within),
      ),
      ...sixes.map((flow) => ({ flow: flowText(flow), why: 'IPv6 is not generated' })),
    ],
    skipped: builder.skipped(),
    covered,
    warnings: [...warnings, ...sideEffects(policies, model)],
  };
}

/** What applying the policies does besides, or does not do. */
function sideEffects(policies: GeneratedPolicy[], { world, workloads }: SnapshotWorld): string[] {
  const own = new Set(policies.map(({ workload }) => refText(workload)));
  const others = policies.flatMap(({ policy }) => {
    const { name, namespace } = policy.metadata;
    const selected = world.pods.filter(
      (pod) =>
        !pod.hostNetwork && pod.namespace === namespace && matchesSelector(policy['spec'].podSelector, pod.labels),
    );
    const without = new Set(selected.map((pod) => refText(workloads.get(podKey(pod))!)));
    return [...without]
      .filter((text) => !own.has(text))
      .map(
        (text) => `${namespace}/${name} selects pods of ${text}, too, of which no flow was seen: it would close them`,
      );
  });
  const made = new Set(policies.map(({ policy }) => podKey({ namespace: '', ...policy.metadata })));
  const namespaces = new Set(policies.map(({ policy }) => policy.metadata.namespace));
  const standing = world.policies
    .filter(({ metadata }) => namespaces.has(metadata.namespace ?? 'default'))
    .map(({ metadata }) => podKey({ namespace: 'default', ...metadata }))
    .filter((key) => !made.has(key));
  const more = `policies add up: what is there already still allows what it allows (${standing.join(', ')})`;
  return standing.length === 0 ? others : [...others, more];
}

type Subject = { ref: ObjectRef; pod: PolicyPod; needs: Record<Direction, Needs> };

function createBuilder(snapshot: Snapshot, model: SnapshotWorld, { place }: Places, namespaces?: string[]) {
  const api = apiLocations(snapshot);
  const pods = podRanges(snapshot);
  const subjects = new Map<string, Subject>();
  const skipped = new Map<string, string>();
  const podsOf = Map.groupBy(model.world.pods, (pod) => refText(model.workloads.get(podKey(pod))!));
  const isChosenNamespace = (name: string) => namespaces?.includes(name) ?? name !== systemNamespace;

  /** The workload at this end, when a policy can be made for it. */
  function subjectOf(end: FlowEnd): Subject | undefined {
    const { pod } = place(end);
    const ref = pod && model.workloads.get(podKey(pod));
    if (pod === undefined || !isChosenNamespace(pod.namespace)) return undefined;
    const skip = (why: string) => void skipped.set(endText(end), why);
    if (ref === undefined) return skip('it is gone: nothing is there to select');
    if (pod.hostNetwork) return skip('it runs on the network of its node, where policies select nothing');
    if (selectorOf(snapshot, model, pod) === undefined)
      return skip('it has no labels that stay, by which to select it');
    const known = subjects.get(refText(ref)) ?? {
      ref,
      pod,
      needs: { ingress: createNeeds(pods), egress: createNeeds(pods) },
    };
    subjects.set(refText(ref), known);
    return known;
  }

  function addIngress({ ref, pod, needs }: Subject, flow: Flow): void {
    const far = place(flow.from);
    const server = place(flow.to).pod!;
    const isNode = flow.from.type === 'node' && flow.from.name === server.node;
    // Probes come from the own node, which always reaches its pods.
    if (isNode) return;
    const ports = [namedPort(podsOf.get(refText(ref)) ?? [pod], flow.protocol, flow.port)];
    addPeers(needs.ingress, pod.namespace, far.pod, ports, flow, flow.from);
  }

  function addEgress({ pod, needs }: Subject, flow: Flow): void {
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
      const [client, server] = [subjectOf(flow.from), subjectOf(flow.to)];
      if (client !== undefined) addEgress(client, flow);
      if (server !== undefined) addIngress(server, flow);
    },
    policies: (): GeneratedPolicy[] =>
      [...subjects.values()].map(({ ref, pod, needs }) => {
        const rules = { ingress: needs.ingress.rules(), egress: [dnsRule, ...needs.egress.rules()] };
        const spec = policySpec(selectorOf(snapshot, model, pod)!, rules);
        const metadata = { name: `${ref.kind.split('.')[0]!.toLowerCase()}-${ref.name}`, namespace: pod.namespace };
        const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
        return { workload: ref, rules, policy };
      }),
    skipped: () => [
      ...[...skipped].map(([what, why]) => ({ what, why })),
      ...[...podsOf]
        .filter(([ref, [pod]]) => !subjects.has(ref) && isChosenNamespace(pod!.namespace) && !pod!.hostNetwork)
        .map(([what]) => ({ what, why: 'no flow of it was seen: it stays as open or closed as it is' })),
    ],
  };
}
