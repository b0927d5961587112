import { type ObjectRef, refKey } from '../object-ref.ts';
import { networkPolicyKind } from '../snapshot/kinds.ts';
import { networkOf } from '../snapshot/network.ts';
import type { Workload } from '../snapshot/workloads.ts';
import type { PathGraph } from './build.ts';
import type { Hop, Place } from './graph.ts';

/** One step as it is told: from one place that matters to the next, with the objects that make it possible. */
export type Step = { from: string; to: string; why: string; cost: number; by: ObjectRef[] };

export type Path = {
  from: string;
  to: string;
  /** The sum of its steps: how hard it is. */
  cost: number;
  steps: Step[];
};

/** A path as a person reads it: what only joins hops (a role that is held, a class of the network) is told with them. */
export function tell(paths: PathGraph, hops: Hop[]): Path {
  const { places } = paths.graph;
  const steps: Step[] = [];
  let group: Hop[] = [];
  for (const [index, hop] of hops.entries()) {
    group.push(hop);
    if (places[hop.to]!.type === 'between' && index < hops.length - 1) continue;
    steps.push(stepOf(paths, group));
    group = [];
  }
  const cost = hops.reduce((sum, hop) => sum + hop.cost, 0);
  return { from: steps[0]?.from ?? '', to: steps.at(-1)?.to ?? '', cost, steps };
}

function stepOf(paths: PathGraph, hops: Hop[]): Step {
  const { places } = paths.graph;
  const [from, to] = [places[hops[0]!.from]!, places[hops.at(-1)!.to]!];
  const telling = hops.filter(({ cost, by, lever }) => cost > 0 || by.length > 0 || lever !== undefined);
  const whys = [...new Set((telling.length > 0 ? telling : hops).map(({ why }) => why))];
  const by = new Map(hops.flatMap((hop) => hop.by).map((ref) => [refKey(ref), ref]));
  for (const ref of policiesBetween(paths, from, to)) by.set(refKey(ref), ref);
  const cost = hops.reduce((sum, hop) => sum + hop.cost, 0);
  return { from: from.text, to: to.text, why: whys.join('; '), cost, by: [...by.values()] };
}

/** The policies that let one workload reach another; they are asked only for what is shown. */
function policiesBetween({ model }: PathGraph, from: Place, to: Place): ObjectRef[] {
  const [source, target] = [from, to].map((place) => workloadAt(model.workloads, place));
  if (source === undefined || target === undefined) return [];
  const network = networkOf(model.snapshot);
  const [first, second] = [source, target].map(network.podOf);
  if (first === undefined || second === undefined || first === second) return [];
  const party = ({ namespace, name }: { namespace: string; name: string }) => ({ pod: `${namespace}/${name}` });
  for (const { protocol, port } of second.ports) {
    const { allowed, egress, ingress } = network.evaluator.evaluate(party(first), party(second), protocol, port);
    if (allowed) return [...egress.by, ...ingress.by].map(policyRef);
  }
  return [];
}

const workloadAt = (workloads: Workload[], { type, ref }: Place): Workload | undefined =>
  type === 'workload' && ref ? workloads.find((workload) => workload.ref === ref) : undefined;

function policyRef(name: string): ObjectRef {
  const slash = name.indexOf('/');
  return { kind: networkPolicyKind, namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}
