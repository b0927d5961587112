import type { Deployment, Pod, ReplicaSet } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { equalJson } from '../foundation/json.ts';
import { conditionOf } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Key, Result } from '../reconcile/controller.ts';
import { claim, controllerOf, deleteObject, isDeleting, ownerKeys, ownerOrSelectorKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import {
  annotationsFor,
  expiredSets,
  findNewest,
  newSet,
  nextRevision,
  revisionAnnotation,
  revisionOf,
  sizeAnnotations,
} from './deployment-revisions.ts';
import {
  isScalingEvent,
  newSetReplicas,
  proportionalScale,
  recreateStep,
  replicasOf,
  rollingStep,
  type Scale,
} from './deployment-rollout.ts';
import { deploymentStatus, isComplete, type Progress, progressDeadlineMs } from './deployment-status.ts';
import { isFinished } from './pods.ts';

const deployments = 'deployments.apps';
const replicaSets = 'replicasets.apps';

/** Moves from one pod template to the next through replica sets, one per template. */
export const deploymentController = (): Controller => ({
  name: 'deployment',
  reconciles: deployments,
  reads: [replicaSets, 'pods'],
  writes: {
    [deployments]: ['update'],
    [`${deployments}/status`]: ['update'],
    [replicaSets]: ['create', 'update', 'patch', 'delete'],
  },
  enqueue: {
    [replicaSets]: ownerOrSelectorKeys(deployments, 'Deployment', 'apps'),
    // Recreate waits for the last of the old pods.
    pods: (pod, context) => {
      const set = context.cache(replicaSets).byUid(controllerOf(pod)?.uid ?? '');
      return set ? ownerKeys('Deployment', 'apps')(set) : [];
    },
  },

  async reconcile({ namespace, name }: Key, context: ControllerContext): Promise<Result> {
    const deployment = context.cache<Deployment>(deployments).get(namespace, name);
    if (deployment === undefined) return undefined;
    if (Object.keys(deployment.spec!.selector ?? {}).length === 0) {
      context.event(deployment, 'Warning', 'SelectingAll', 'An empty selector would select all pods: nothing is done.');
      return undefined;
    }
    const sets = await claim<ReplicaSet>(context, deployment, replicaSets, deployment.spec!.selector);
    const written = await progress(context, deployment, sets);
    const deadlineMs = progressDeadlineMs(written);
    if (deadlineMs === undefined) return undefined;
    return { requeueAfterMs: Math.max(1000, deadlineMs - context.clock.now()) };
  },
});

async function progress(context: ControllerContext, deployment: Deployment, sets: ReplicaSet[]): Promise<Deployment> {
  let newest = findNewest(deployment, sets);
  const old = sets.filter((set) => set !== newest);
  const save = (what?: Progress, collisionCount = deployment.status?.collisionCount) => {
    const nowMs = context.clock.now();
    const status = deploymentStatus(deployment, newest, old, what, collisionCount, nowMs);
    return writeStatus(context, deployments, deployment, status);
  };
  if (isDeleting(deployment)) return save();
  if (deployment.spec!.paused || isScalingEvent(deployment, sets)) {
    await scaleAll(context, deployment, proportionalScale(deployment, newest, old));
    return save(pausedOrResumed(deployment));
  }

  const recreate = deployment.spec!.strategy?.type === 'Recreate';
  const oldPodsLeft = recreate && hasRunningPods(context, old);
  let said = pausedOrResumed(deployment);
  if (newest) {
    const before = revisionOf(newest);
    newest = await refresh(context, deployment, newest, old);
    if (before !== revisionOf(newest)) said ??= found(newest);
  } else if (!recreate || (!oldPodsLeft && old.every((set) => replicasOf(set) === 0))) {
    const created = await create(context, deployment, old);
    if ('collision' in created) return save(undefined, (deployment.status?.collisionCount ?? 0) + 1);
    if ('failure' in created) {
      await save(created.failure);
      throw created.error;
    }
    newest = created.set;
    const message = `Created new replica set "${newest.metadata.name}"`;
    said = { status: 'True', reason: 'NewReplicaSetCreated', message };
  }

  const steps = recreate ? recreateStep(deployment, newest, old, oldPodsLeft) : rollingStep(deployment, newest!, old);
  await scaleAll(context, deployment, steps);
  const written = await save(said);
  if (newest && isComplete(deployment, written.status ?? {}))
    for (const set of expiredSets(deployment, old)) await deleteObject(context, replicaSets, set);
  await noteRevision(context, written, newest);
  return written;
}

const found = ({ metadata }: ReplicaSet): Progress => ({
  status: 'True',
  reason: 'FoundNewReplicaSet',
  message: `Found new replica set "${metadata.name}"`,
});

function pausedOrResumed({ spec, status }: Deployment): Progress | undefined {
  const current = conditionOf(status?.conditions, 'Progressing');
  if (spec!.paused) return { status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  if (current?.reason === 'DeploymentPaused')
    return { status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' };
  return undefined;
}

const hasRunningPods = ({ cache }: ControllerContext, sets: ReplicaSet[]): boolean =>
  sets.some(({ metadata }) =>
    cache<Pod>('pods')
      .ownedBy(metadata.uid!)
      .some((pod) => !isFinished(pod)),
  );

type Created = { set: ReplicaSet } | { collision: true } | { failure: Progress; error: unknown };

async function create(context: ControllerContext, deployment: Deployment, old: ReplicaSet[]): Promise<Created> {
  const wanted = newSet(deployment, newSetReplicas(deployment, undefined, old), nextRevision(old));
  try {
    const set = await context.client.create<ReplicaSet>(replicaSets, wanted);
    tellScaled(context, deployment, set, 0, replicasOf(set));
    return { set };
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'AlreadyExists') {
      const present = context.cache<ReplicaSet>(replicaSets).get(wanted.metadata.namespace!, wanted.metadata.name);
      const isOurs = present && controllerOf(present)?.uid === deployment.metadata.uid;
      // The name is taken by what somebody else made, or has changed: try another name.
      if (present && !(isOurs && findNewest(deployment, [present]))) return { collision: true };
      throw error;
    }
    const message = error instanceof Error ? error.message : String(error);
    context.event(deployment, 'Warning', 'ReplicaSetCreateError', `Failed to create new replica set: ${message}`);
    return { failure: { status: 'False', reason: 'ReplicaSetCreateError', message }, error };
  }
}

/** Keeps revision, inherited annotations and minReadySeconds of the newest set current. */
async function refresh(
  { client }: ControllerContext,
  deployment: Deployment,
  newest: ReplicaSet,
  old: ReplicaSet[],
): Promise<ReplicaSet> {
  const annotations = annotationsFor(deployment, newest, nextRevision(old));
  const { minReadySeconds } = deployment.spec!;
  const same =
    equalJson(annotations, newest.metadata.annotations ?? {}) &&
    (minReadySeconds ?? 0) === (newest.spec?.minReadySeconds ?? 0);
  if (same) return newest;
  const metadata = { ...newest.metadata, annotations };
  return client.update<ReplicaSet>(replicaSets, { ...newest, metadata, spec: { ...newest.spec, minReadySeconds } });
}

async function scaleAll(context: ControllerContext, deployment: Deployment, scales: Scale[]): Promise<void> {
  const sizes = sizeAnnotations(deployment);
  for (const { set, replicas } of scales) {
    const annotations = { ...set.metadata.annotations, ...sizes };
    const before = replicasOf(set);
    if (before === replicas && equalJson(annotations, set.metadata.annotations)) continue;
    const metadata = { ...set.metadata, annotations };
    await context.client.update(replicaSets, { ...set, metadata, spec: { ...set.spec, replicas } });
    if (before !== replicas) tellScaled(context, deployment, set, before, replicas);
  }
}

function tellScaled(context: ControllerContext, deployment: Deployment, set: ReplicaSet, from: number, to: number) {
  const direction = to > from ? 'up' : 'down';
  const message = `Scaled ${direction} replica set ${set.metadata.name} from ${from} to ${to}`;
  context.event(deployment, 'Normal', 'ScalingReplicaSet', message);
}

/** `kubectl rollout` reads the current revision from the deployment. */
async function noteRevision(
  { client }: ControllerContext,
  deployment: Deployment,
  newest: ReplicaSet | undefined,
): Promise<void> {
  if (newest === undefined || revisionOf(deployment) === revisionOf(newest)) return;
  const annotations = { ...deployment.metadata.annotations, [revisionAnnotation]: `${revisionOf(newest)}` };
  await client.update(deployments, { ...deployment, metadata: { ...deployment.metadata, annotations } });
}
