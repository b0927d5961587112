import type { Deployment, DeploymentStatus, ReplicaSet } from '../api/schema/types.d.ts';
import { formatTime } from '../foundation/clock.ts';
import { type Condition, conditionOf, withCondition, withoutCondition } from '../reconcile/conditions.ts';
import { limitsOf, replicasOf } from './deployment-rollout.ts';

/** What happened in this run that the Progressing condition should say. */
export type Progress = { status: 'True' | 'False' | 'Unknown'; reason: string; message: string };

const noDeadline = 2 ** 31 - 1;
const deadlineSeconds = ({ spec }: Deployment) => spec!.progressDeadlineSeconds ?? 600;
const hasDeadline = (deployment: Deployment) => deadlineSeconds(deployment) < noDeadline;
const moving = 'ReplicaSetUpdated';
const sum = (sets: ReplicaSet[], field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas') =>
  sets.reduce((total, { status }) => total + (status?.[field] ?? 0), 0);

/** The status of a deployment from those of its sets; `progress` is what the run did, if that is to be recorded. */
export function deploymentStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: ReplicaSet[],
  progress: Progress | undefined,
  collisionCount: number | undefined,
  nowMs: number,
): DeploymentStatus {
  const all = [...(newest ? [newest] : []), ...old];
  const available = sum(all, 'availableReplicas');
  const wantedBySets = all.reduce((total, set) => total + replicasOf(set), 0);
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(all, 'replicas') || undefined,
    updatedReplicas: newest?.status?.replicas || undefined,
    readyReplicas: sum(all, 'readyReplicas') || undefined,
    availableReplicas: available || undefined,
    unavailableReplicas: Math.max(0, wantedBySets - available) || undefined,
    terminatingReplicas: sum(all, 'terminatingReplicas') || undefined,
    collisionCount,
  };
  let conditions = deployment.status?.conditions as Condition[] | undefined;
  const set = (condition: Condition, isRenewed = false) => {
    const changed = withCondition(conditions, condition, nowMs);
    if (changed === conditions && !isRenewed) return;
    conditions = changed.map((one) =>
      one.type === condition.type ? { ...one, lastUpdateTime: formatTime(nowMs) } : one,
    );
  };
  set(availability(deployment, available));
  const progressing = progress ?? progressOf(deployment, status, newest, nowMs);
  // Said again, it is news: the deadline counts from the last progress.
  if (!hasDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing');
  else if (progressing) set({ type: 'Progressing', ...progressing }, progressing.reason === moving);
  const failure = all.map((one) => conditionOf(one.status?.conditions, 'ReplicaFailure')).find(Boolean);
  if (failure) set({ type: 'ReplicaFailure', status: 'True', reason: failure.reason, message: failure.message });
  else conditions = withoutCondition(conditions, 'ReplicaFailure');
  status.conditions = conditions as DeploymentStatus['conditions'];
  return status;
}

function availability(deployment: Deployment, available: number): Condition {
  const minimum = (deployment.spec!.replicas ?? 1) - limitsOf(deployment).unavailable;
  return available >= minimum
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = deployment.spec!.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
}

function isMoving({ status: old = {} }: Deployment, status: DeploymentStatus): boolean {
  const oldPods = (one: DeploymentStatus) => (one.replicas ?? 0) - (one.updatedReplicas ?? 0);
  return (
    (status.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    oldPods(status) < oldPods(old) ||
    (status.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function progressOf(
  deployment: Deployment,
  status: DeploymentStatus,
  newest: ReplicaSet | undefined,
  nowMs: number,
): Progress | undefined {
  const current = conditionOf(deployment.status?.conditions, 'Progressing');
  const subject = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status))
    return { status: 'True', reason: 'NewReplicaSetAvailable', message: `${subject} has successfully progressed.` };
  const wasComplete = current?.reason === 'NewReplicaSetAvailable' && current.status === 'True';
  if (wasComplete && status.replicas === status.updatedReplicas) return undefined;
  if (isMoving(deployment, status)) return { status: 'True', reason: moving, message: `${subject} is progressing.` };
  const deadlineMs = progressDeadlineMs(deployment);
  if (deadlineMs !== undefined && deadlineMs <= nowMs)
    return { status: 'False', reason: 'ProgressDeadlineExceeded', message: `${subject} has timed out progressing.` };
  return undefined;
}

/** When the rollout counts as stuck; undefined when it is complete, paused, stuck already or has no deadline. */
export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const current = conditionOf(deployment.status?.conditions, 'Progressing');
  // One that was resumed is known neither to move nor not to: the deadline counts.
  if (deployment.spec!.paused || !hasDeadline(deployment) || !current || current.status === 'False') return undefined;
  if (current.reason === 'NewReplicaSetAvailable') return undefined;
  return Date.parse(current.lastUpdateTime ?? '') + deadlineSeconds(deployment) * 1000;
}
