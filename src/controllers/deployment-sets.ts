import type { Deployment, ReplicaSet } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { equalJson } from '../foundation/json.ts';
import type { ControllerContext } from '../reconcile/controller.ts';
import { controllerOf } from '../reconcile/owned.ts';
import { annotationsFor, findNewest, newSet, nextRevision, sizeAnnotations } from './deployment-revisions.ts';
import { newSetReplicas, replicasOf, type Scale } from './deployment-rollout.ts';
import type { Progress } from './deployment-status.ts';

export const replicaSets = 'replicasets.apps';

type Created = { set: ReplicaSet } | { collision: true } | { failure: Progress; error: unknown };

/** A set for the deployment's template. */
export async function create(context: ControllerContext, deployment: Deployment, old: ReplicaSet[]): Promise<Created> {
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
export async function refresh(
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

export async function scaleAll(context: ControllerContext, deployment: Deployment, scales: Scale[]): Promise<void> {
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
