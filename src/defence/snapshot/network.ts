import { createEvaluator, type Evaluator, type PolicyPod, podKey } from '../../policy/policy.ts';
import { type ObjectRef, refKey } from '../object-ref.ts';
import { oncePerSnapshot } from './once.ts';
import type { Snapshot } from './snapshot.ts';
import type { Workload } from './workloads.ts';
import { type SnapshotWorld, worldOfSnapshot } from './world.ts';

export type Network = SnapshotWorld & {
  evaluator: Evaluator;
  podsIn(namespace: string): PolicyPod[];
  /** What made the pod, or the pod itself; always with a namespace. */
  workloadOf(pod: PolicyPod): ObjectRef;
  /** One of the pods of a workload, which are alike. */
  podOf(workload: Workload): PolicyPod | undefined;
};

/** The snapshot's pods and policies, made ready once for questions about connections. */
export const networkOf = oncePerSnapshot(createNetwork);

function createNetwork(snapshot: Snapshot): Network {
  const all = worldOfSnapshot(snapshot);
  const workloadOf = (pod: PolicyPod) => {
    const ref = all.workloads.get(podKey(pod))!;
    return ref.namespace === '' ? { ...ref, namespace: pod.namespace } : ref;
  };
  const byNamespace = Map.groupBy(all.world.pods, ({ namespace }) => namespace);
  return {
    ...all,
    evaluator: createEvaluator(all.world),
    podsIn: (namespace) => byNamespace.get(namespace) ?? [],
    workloadOf,
    podOf: ({ namespace, top, pods }) =>
      byNamespace
        .get(namespace)
        ?.find((pod) => (pods.length === 0 || pods.includes(pod.name)) && refKey(workloadOf(pod)) === refKey(top)),
  };
}
