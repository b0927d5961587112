import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  StatefulSetStatus,
} from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { equalJson } from '../foundation/json.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { claim, deleteObject, isDeleting, keyOf, ownerOrSelectorKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { availableInMs, isActive, isAvailable, isReady } from './pods.ts';
import { revisionResource, revisionWrites, syncRevisions, templateOf, truncateHistory } from './revisions.ts';
import { claimOwners, claimsOf, mayOwn, podOf } from './stateful-set-objects.ts';
import { ordinalOf, ordinalsOf, planStatefulSet, revisionOfPod } from './stateful-set-plan.ts';

const statefulSets = 'statefulsets.apps';
const claims = 'persistentvolumeclaims';

/** Keeps pods with lasting names and volumes, and changes them in order. */
export const statefulSetController = (): Controller => ({
  name: 'statefulset',
  reconciles: statefulSets,
  reads: ['pods', claims, revisionResource],
  writes: {
    pods: ['create', 'delete', 'patch'],
    // A claim is given to its pod or set, so that it goes with it: who gives it must be allowed to delete it.
    [claims]: ['create', 'update', 'delete'],
    [`${statefulSets}/status`]: ['update'],
    ...revisionWrites,
  },
  enqueue: {
    pods: ownerOrSelectorKeys(statefulSets, 'StatefulSet', 'apps'),
    [claims]: ({ metadata: { namespace = '', name } }, { cache }) => {
      const sets = cache<StatefulSet>(statefulSets).list(namespace);
      return sets.filter((set) => mayOwn(set, name)).map(keyOf);
    },
  },

  async reconcile({ namespace, name }, context): Promise<Result> {
    const set = context.cache<StatefulSet>(statefulSets).get(namespace, name);
    if (set === undefined) return undefined;
    const { selector, template, minReadySeconds = 0, revisionHistoryLimit = 10 } = set.spec!;
    const claimed = await claim<Pod>(context, set, 'pods', selector);
    const pods = claimed.filter((pod) => ordinalOf(set, pod) !== undefined);
    if (isDeleting(set)) return undefined;

    const revisions = await syncRevisions(context, set, template, set.status?.collisionCount ?? 0);
    const update = revisions.update.metadata.name;
    const current = revisions.all.find(({ metadata }) => metadata.name === set.status?.currentRevision);
    const names = { current: current?.metadata.name ?? update, update };
    await keepClaims(context, set, pods);
    const status = statusOf(set, pods, names, revisions.collisionCount, context.clock.now());
    await writeStatus(context, statefulSets, set, status);

    const plan = planStatefulSet(set, pods, names, context.clock.now());
    for (const { ordinal, updated } of plan.create)
      await create(context, set, ordinal, updated ? revisions.update : (current ?? revisions.update));
    for (const pod of plan.remove) await remove(context, set, pod);

    const used = new Set([update, names.current, ...pods.map(revisionOfPod)]);
    await truncateHistory(context, revisions.all, ({ metadata }) => used.has(metadata.name), revisionHistoryLimit);
    const requeueAfterMs = availableInMs(pods, minReadySeconds, context.clock.now());
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  },
});

async function create(context: ControllerContext, set: StatefulSet, ordinal: number, revision: ControllerRevision) {
  const name = `${set.metadata.name}-${ordinal}`;
  const going = await makeClaims(context, set, name);
  if (going !== undefined) {
    const text = `create Pod ${name} waits: its PersistentVolumeClaim ${going} is being deleted`;
    context.event(set, 'Warning', 'FailedCreate', text);
    return;
  }
  try {
    const pod = podOf(set, ordinal, templateOf(revision), revision.metadata.name);
    await context.client.create('pods', pod);
    context.event(
      set,
      'Normal',
      'SuccessfulCreate',
      `create Pod ${name} in StatefulSet ${set.metadata.name} successful`,
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const text = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${message}`;
    context.event(set, 'Warning', 'FailedCreate', text);
    throw error;
  }
}

/** Makes those of a pod's claims that are not there; returns the name of one that is on its way out, if there is any. */
async function makeClaims({ cache, client }: ControllerContext, set: StatefulSet, podName: string) {
  let going: string | undefined;
  const { uid } = cache<Pod>('pods').get(set.metadata.namespace!, podName)?.metadata ?? {};
  for (const wanted of claimsOf(set, podName)) {
    const present = cache<PersistentVolumeClaim>(claims).get(set.metadata.namespace!, wanted.metadata.name);
    if (present && (isDeleting(present) || goesWithEarlierPod(present, podName, uid))) going = present.metadata.name;
    if (present) continue;
    wanted.metadata.ownerReferences = claimOwners(set, undefined, false);
    await client.create(claims, wanted).catch(unlessPresent);
  }
  return going;
}

/** It was given to a pod that was scaled away, and is deleted as soon as that is noticed. */
const goesWithEarlierPod = (
  { metadata }: PersistentVolumeClaim,
  podName: string,
  podUid: string | undefined,
): boolean =>
  (metadata.ownerReferences ?? []).some(({ kind, name, uid }) => kind === 'Pod' && name === podName && uid !== podUid);

function unlessPresent(error: unknown): void {
  if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
}

async function remove(context: ControllerContext, set: StatefulSet, pod: Pod): Promise<void> {
  await deleteObject(context, 'pods', pod);
  const { name } = pod.metadata;
  context.event(set, 'Normal', 'SuccessfulDelete', `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`);
}

/** Claims belong to whom the retention policy says, also when it changes. */
async function keepClaims(context: ControllerContext, set: StatefulSet, pods: Pod[]): Promise<void> {
  const { start, end } = ordinalsOf(set);
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod)!;
    // It waits for what somebody has deleted.
    if (!pod.spec?.nodeName && isActive(pod)) await makeClaims(context, set, pod.metadata.name);
    const owners = claimOwners(set, pod, ordinal < start || ordinal >= end);
    for (const { metadata } of claimsOf(set, pod.metadata.name)) {
      const present = context.cache<PersistentVolumeClaim>(claims).get(set.metadata.namespace!, metadata.name);
      if (present === undefined || isDeleting(present)) continue;
      const ours = new Set([set.metadata.uid, pod.metadata.uid]);
      const others = (present.metadata.ownerReferences ?? []).filter(({ uid }) => !ours.has(uid));
      const ownerReferences = [...others, ...owners];
      if (equalJson(present.metadata.ownerReferences ?? [], ownerReferences)) continue;
      await context.client.update(claims, { ...present, metadata: { ...present.metadata, ownerReferences } });
    }
  }
}

/** When every pod has the new revision and is ready, the new revision becomes the current one. */
function statusOf(
  set: StatefulSet,
  pods: Pod[],
  { current, update }: { current: string; update: string },
  collisionCount: number,
  nowMs: number,
): StatefulSetStatus {
  const alive = pods.filter((pod) => !isDeleting(pod));
  const count = (matches: (pod: Pod) => boolean) => alive.filter(matches).length;
  const wanted = set.spec!.replicas ?? 1;
  const updated = count((pod) => revisionOfPod(pod) === update);
  const ready = count(isReady);
  const { partition, start } = ordinalsOf(set);
  const complete = updated === wanted && ready === wanted && pods.length === wanted && partition === start;
  const currentRevision = complete ? update : current;
  return {
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    readyReplicas: ready || undefined,
    availableReplicas: count((pod) => isAvailable(pod, set.spec!.minReadySeconds ?? 0, nowMs)),
    currentReplicas: count((pod) => revisionOfPod(pod) === currentRevision) || undefined,
    updatedReplicas: updated || undefined,
    currentRevision,
    updateRevision: update,
    collisionCount,
    conditions: set.status?.conditions,
  };
}
