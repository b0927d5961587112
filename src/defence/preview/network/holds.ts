import { matchesSelector } from '../../../api/selectors.ts';
import { createEvaluator, type Evaluator, type NetworkPolicy, type PolicyPod } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import type { Place } from '../../observations/places.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';
import type { PlacedFlow } from './flows.ts';

/** Of what was seen of the pods that are selected, so much is held against one allowance; where there is more there is none. */
export const othersMax = 1000;

/** The world after the change, and all that was seen in it. */
export type AllowScope = {
  after: SnapshotWorld;
  /** Of that world, pods that are gone included, by `podKey`. */
  pods: ReadonlyMap<string, PolicyPod>;
  evaluator: Evaluator;
  /** By namespace of either end. */
  others: Map<string, PlacedFlow[]>;
};

/** Evaluated in a world of only what is needed: it must pass, and nothing else that was seen may be refused by it. */
export function holds({ placed, puts, scope }: { placed: PlacedFlow; puts: Manifest[]; scope: AllowScope }): boolean {
  const { after, pods, evaluator, others } = scope;
  const replaced = new Set(puts.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const isReplaced = ({ metadata }: NetworkPolicy) => replaced.has(`${metadata.namespace}/${metadata.name}`);
  const namespaces = new Set(puts.map(({ metadata }) => metadata.namespace ?? ''));
  const near = new Set([...namespaces].flatMap((namespace) => others.get(namespace) ?? []));
  const selects = (pod: PolicyPod | undefined) =>
    puts.some(
      ({ metadata, spec }) =>
        metadata.namespace === pod?.namespace && matchesSelector(spec.podSelector ?? {}, pod?.labels ?? {}),
    );
  const touched = [...near].filter(({ from, to }) => [from, to].some((end) => selects(pods.get(keyOf(end)))));
  if (touched.length > othersMax) return false;
  const needed = new Set([placed, ...touched].flatMap(({ from, to }) => [keyOf(from), keyOf(to)]));
  const neededPods = [...needed].flatMap((key) => pods.get(key) ?? []);
  const selecting = new Set(neededPods.map(({ namespace }) => namespace));
  const mended = createEvaluator({
    ...after.world,
    pods: neededPods,
    policies: [
      ...after.world.policies.filter(
        (policy) => selecting.has(policy.metadata.namespace ?? 'default') && !isReplaced(policy),
      ),
      ...(puts as unknown as NetworkPolicy[]),
    ],
  });
  const allows = ({ evaluate }: Evaluator, { flow, from, to }: PlacedFlow) =>
    from.after !== undefined &&
    to.after !== undefined &&
    evaluate(from.after, to.after, flow.protocol, flow.port).allowed;
  return allows(mended, placed) && touched.every((other) => !allows(evaluator, other) || allows(mended, other));
}

/** A change of a namespace's policies can touch the flows that begin or end in it. */
export function byNamespace(flows: PlacedFlow[]): Map<string, PlacedFlow[]> {
  const found = new Map<string, PlacedFlow[]>();
  const add = (namespace: string | undefined, flow: PlacedFlow) => {
    if (namespace === undefined) return;
    const known = found.get(namespace);
    if (known === undefined) found.set(namespace, [flow]);
    else known.push(flow);
  };
  for (const flow of flows) {
    const [from, to] = [flow.from.pod?.namespace, flow.to.pod?.namespace];
    add(from, flow);
    if (to !== from) add(to, flow);
  }
  return found;
}

const keyOf = ({ after }: Place): string => (after !== undefined && 'pod' in after ? after.pod : '');
