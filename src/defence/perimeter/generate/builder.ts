import type { Flow, FlowEnd } from '../../../api/observations/observation.ts';
import { type Direction, podKey } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { bareKind, type ObjectRef, refText } from '../../object-ref.ts';
import type { Places } from '../../observations/places.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';
import { createFlowNeeds, type Needing } from './flow-needs.ts';
import { selectorOf } from './peers.ts';
import { dnsRule, type ExplainedRule, policySpec } from './rules.ts';
import { endText } from './seen.ts';

export type GeneratedPolicy = {
  workload: ObjectRef;
  policy: Manifest;
  rules: Record<Direction, ExplainedRule[]>;
};
/** Whatever is wrong here takes the cluster with it: only asked for by name. */
const systemNamespace = 'kube-system';

/** Gathers what each workload needs, flow by flow. */
export function createBuilder(snapshot: Snapshot, model: SnapshotWorld, places: Places, namespaces?: string[]) {
  const flowNeeds = createFlowNeeds(snapshot, model, places);
  const workloads = new Map<string, Needing & { ref: ObjectRef }>();
  const skipped = new Map<string, string>();
  const podsOf = Map.groupBy(model.world.pods, (pod) => refText(model.workloads.get(podKey(pod))!));
  const isChosenNamespace = (name: string) => namespaces?.includes(name) ?? name !== systemNamespace;

  /** The workload at this end, when a policy can be made for it. */
  function workloadAt(end: FlowEnd): Needing | undefined {
    const { pod } = places.place(end);
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
      pods: podsOf.get(refText(ref)) ?? [pod],
      needs: flowNeeds.none(),
    };
    workloads.set(refText(ref), known);
    return known;
  }

  return {
    isChosen: (end: FlowEnd) => end.type === 'pod' && isChosenNamespace(end.namespace),
    add(flow: Flow) {
      const [client, server] = [workloadAt(flow.from), workloadAt(flow.to)];
      if (client !== undefined) flowNeeds.addEgress(client, flow);
      if (server !== undefined) flowNeeds.addIngress(server, flow);
    },
    policies: (): GeneratedPolicy[] =>
      [...workloads.values()].map(({ ref, pod, needs }) => {
        const rules = { ingress: needs.ingress.rules(), egress: [dnsRule, ...needs.egress.rules()] };
        const spec = policySpec(selectorOf(snapshot, model, pod)!, rules);
        const metadata = { name: `${bareKind(ref.kind).toLowerCase()}-${ref.name}`, namespace: pod.namespace };
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
