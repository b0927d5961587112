import type { Deployment, Pod, ReplicaSet } from '../api/schema/types.d.ts';
import { conditionOf } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Key, Result } from '../reconcile/controller.ts';
import { claim, controllerOf, deleteObject, isDeleting, keyOf, ownerOrSelectorKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { expiredSets, findNewest, revisionAnnotation, revisionOf } from './deployment-revisions.ts';
import { isScalingEvent, proportionalScale, recreateStep, replicasOf, rollingStep } from './deployment-rollout.ts';
import { create, refresh, replicaSets, scaleAll } from './deployment-sets.ts';
import { deploymentStatus, isComplete, type Progress, progressDeadlineMs } from './deployment-status.ts';
import { isFinished } from './pods.ts';

const deployments = 'deployments.apps';

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
    // Recreate waits for the last of the old pods; all else is in the status of the sets.
    pods: (pod, { cache }) => {
      const set = cache(replicaSets).byUid(controllerOf(pod)?.uid ?? '');
      const owner = set && cache<Deployment>(deployments).byUid(controllerOf(set)?.uid ?? '');
      return owner?.spec?.strategy?.type === 'Recreate' ? [keyOf(owner)] : [];
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
