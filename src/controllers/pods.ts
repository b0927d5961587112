import type { KubernetesObject } from '../api/object.ts';
import type { Pod, PodTemplateSpec } from '../api/schema/types.d.ts';
import { conditionOf } from '../reconcile/conditions.ts';
import { controllerReference, isDeleting } from '../reconcile/owned.ts';

export const isFinished = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
/** Counts towards the replicas of a workload. */
export const isActive = (pod: Pod): boolean => !isFinished(pod) && !isDeleting(pod);

/** Key of the index of pods by their node: `cache.by(nodeNameOf, name)`. */
export const nodeNameOf = ({ spec }: Pod): string => spec?.nodeName ?? '';

export const isReady = ({ status }: Pod): boolean => conditionOf(status?.conditions, 'Ready')?.status === 'True';

/** When the pod became ready, in milliseconds; undefined when it is not. */
function readySinceMs(pod: Pod): number | undefined {
  const condition = conditionOf(pod.status?.conditions, 'Ready');
  return condition?.status === 'True' ? Date.parse(condition.lastTransitionTime ?? '') || 0 : undefined;
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const sinceMs = readySinceMs(pod);
  return sinceMs !== undefined && (minReadySeconds === 0 || sinceMs + minReadySeconds * 1000 <= nowMs);
}

/** Milliseconds until the next of the ready pods becomes available; undefined when none is on its way. */
export function availableInMs(pods: Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  const waits = pods
    .filter((pod) => isReady(pod) && !isAvailable(pod, minReadySeconds, nowMs))
    .map((pod) => readySinceMs(pod)! + minReadySeconds * 1000 - nowMs);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}

const restartCount = ({ status }: Pod): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount ?? 0));

/** A pod from the template of its owner; without a `name` the server makes one. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubernetesObject, name?: string): Partial<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const naming = name ? { name } : { generateName: `${generatePrefix(owner.metadata.name)}-` };
  const ownerReferences = [controllerReference(owner)];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...naming,
      namespace: owner.metadata.namespace,
      labels: { ...labels },
      annotations: { ...annotations },
      finalizers,
      ownerReferences,
    } as Pod['metadata'],
    spec: structuredClone(template.spec) as Pod['spec'],
  };
}

/** Leaves room for what the server appends to a generateName. */
const generatePrefix = (name: string) => name.slice(0, 57);

/**
 * Which pod goes first when there are too many, negative when `a` does: not placed, not running, not ready, cheap to
 * delete, crowded on one node, ready for a short time, restarted often, young. After ActivePodsWithRanks of Kubernetes.
 */
export function compareForDeletion(a: Pod, b: Pod, podsOnNode: (node: string) => number): number {
  const phases = ['Pending', 'Unknown', 'Running'];
  const ranks: ((pod: Pod) => number)[] = [
    (pod) => (pod.spec?.nodeName ? 1 : 0),
    (pod) => phases.indexOf(pod.status?.phase ?? 'Pending'),
    (pod) => (isReady(pod) ? 1 : 0),
    (pod) => Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0,
    (pod) => -podsOnNode(pod.spec?.nodeName ?? ''),
    (pod) => -(readySinceMs(pod) ?? 0),
    (pod) => -restartCount(pod),
    (pod) => -Date.parse(pod.metadata.creationTimestamp ?? ''),
  ];
  for (const rank of ranks) {
    const difference = rank(a) - rank(b);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}
