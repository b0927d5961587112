import type { KubernetesObject } from '../api/object.ts';
import type { Pod, ReplicaSet, ReplicaSetStatus } from '../api/schema/types.d.ts';
import { type LabelSelector, matchesLabels } from '../api/selectors.ts';
import { type Condition, conditionOf, withCondition, withoutCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Key, Result } from '../reconcile/controller.ts';
import { claim, controllerOf, deleteObject, isDeleting, ownerOrSelectorKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { inBatches } from './batches.ts';
import { availableInMs, compareForDeletion, isActive, isAvailable, isReady, podFromTemplate } from './pods.ts';

const burstMax = 500;

type Flavour = {
  name: string;
  resource: string;
  kind: string;
  group: string;
  selectorOf(owner: KubernetesObject): LabelSelector | undefined;
};

export const replicaSetController = (): Controller =>
  createReplicaController({
    name: 'replica-set',
    resource: 'replicasets.apps',
    kind: 'ReplicaSet',
    group: 'apps',
    selectorOf: (owner) => owner['spec']?.selector,
  });

/** The older kind is the same with a plain map as its selector. */
export const replicationController = (): Controller =>
  createReplicaController({
    name: 'replication',
    resource: 'replicationcontrollers',
    kind: 'ReplicationController',
    group: '',
    selectorOf: (owner) => owner['spec']?.selector && { matchLabels: owner['spec'].selector },
  });

/** Keeps the wanted number of pods of one template. */
function createReplicaController({ name, resource, kind, group, selectorOf }: Flavour): Controller {
  return {
    name,
    reconciles: resource,
    reads: ['pods'],
    writes: { pods: ['create', 'delete', 'patch'], [`${resource}/status`]: ['update'] },
    enqueue: { pods: ownerOrSelectorKeys(resource, kind, group, selectorOf) },

    async reconcile({ namespace, name }: Key, context: ControllerContext): Promise<Result> {
      const set = context.cache<ReplicaSet>(resource).get(namespace, name);
      if (set === undefined) return undefined;
      const selector = selectorOf(set);
      const claimed = await claim<Pod>(context, set, 'pods', selector);
      const active = claimed.filter(isActive);
      const wanted = set.spec?.replicas ?? 1;
      const failure = isDeleting(set) ? undefined : await scale(context, resource, set, active, wanted);
      const nowMs = context.clock.now();
      await writeStatus(context, resource, set, statusOf(set, claimed, failure, nowMs));
      if (failure) throw failure.error;
      // The next burst does not rest: nothing else would bring it.
      if (!isDeleting(set) && wanted - active.length > burstMax) return { requeueAfterMs: 0 };
      const requeueAfterMs = availableInMs(active, set.spec?.minReadySeconds ?? 0, nowMs);
      return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
    },
  };
}

type Failure = { reason: 'FailedCreate' | 'FailedDelete'; error: unknown };

async function scale(
  context: ControllerContext,
  resource: string,
  set: ReplicaSet,
  active: Pod[],
  wanted: number,
): Promise<Failure | undefined> {
  const missing = Math.min(wanted - active.length, burstMax);
  if (missing > 0) {
    const { error } = await inBatches(missing, async () => {
      const pod = await context.client.create<Pod>('pods', podFromTemplate(set.spec!.template!, set));
      context.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    });
    if (error === undefined) return undefined;
    context.event(set, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`);
    return { reason: 'FailedCreate', error };
  }
  const surplus = podsToDelete(
    active,
    Math.min(active.length - wanted, burstMax),
    siblingsPerNode(context, resource, set),
  );
  const results = await Promise.allSettled(
    surplus.map(async (pod) => {
      await deleteObject(context, 'pods', pod);
      context.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  return failed && { reason: 'FailedDelete', error: failed.reason };
}

export function podsToDelete(active: Pod[], count: number, podsOnNode: (node: string) => number): Pod[] {
  if (count <= 0) return [];
  return [...active].sort((a, b) => compareForDeletion(a, b, podsOnNode)).slice(0, count);
}

/** How many pods of the same application a node holds: those of all sets with the same owner. */
function siblingsPerNode({ cache }: ControllerContext, resource: string, set: ReplicaSet): (node: string) => number {
  const owner = controllerOf(set);
  const sets = owner ? cache(resource).ownedBy(owner.uid) : [set];
  const counts = new Map<string, number>();
  for (const { metadata } of sets)
    for (const pod of cache<Pod>('pods').ownedBy(metadata.uid!)) {
      const node = pod.spec?.nodeName;
      if (node && isActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
  return (node) => counts.get(node) ?? 0;
}

export function statusOf(
  set: ReplicaSet,
  claimed: Pod[],
  failure: Failure | undefined,
  nowMs: number,
): ReplicaSetStatus {
  const active = claimed.filter(isActive);
  const templateLabels = set.spec?.template?.metadata?.labels ?? {};
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const terminating = claimed.filter(isDeleting).length;
  const conditions = failure
    ? withFailure(set.status?.conditions, failure, nowMs)
    : withoutCondition(set.status?.conditions, 'ReplicaFailure');
  return {
    replicas: active.length,
    fullyLabeledReplicas: nonZero(active.filter((pod) => matchesLabels(templateLabels, pod.metadata.labels)).length),
    readyReplicas: nonZero(active.filter(isReady).length),
    availableReplicas: nonZero(active.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length),
    terminatingReplicas: nonZero(terminating),
    observedGeneration: set.metadata.generation,
    conditions: conditions.length > 0 ? (conditions as ReplicaSetStatus['conditions']) : undefined,
  };
}

/**
 * A failure that goes on is told once. Its message names the pod, which is another one at each attempt: written each
 * time, it would be a change that brings the set back at once, past every back-off.
 */
function withFailure(conditions: Condition[] | undefined, { reason, error }: Failure, nowMs: number): Condition[] {
  const known = conditionOf(conditions, 'ReplicaFailure');
  if (known?.status === 'True' && known.reason === reason) return conditions!;
  const message = error instanceof Error ? error.message : String(error);
  return withCondition(conditions, { type: 'ReplicaFailure', status: 'True', reason, message }, nowMs);
}

/** Kubernetes leaves counts of zero out. */
const nonZero = (count: number) => (count === 0 ? undefined : count);
