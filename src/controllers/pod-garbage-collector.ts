import type { Node, Pod } from '../api/schema/types.d.ts';
import { type Condition, isTrue, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { deleteObject, isDeleting, keyOf } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { nodeExists } from './node-exists.ts';
import { isFinished, nodeNameOf } from './pods.ts';

/** A node that is made anew has this long to come back before its pods are given up. */
const quarantineDefaultMs = 40_000;

/** Pods that have ended and may stay for whoever looks at them, as upstream's --terminated-pod-gc-threshold. */
const endedDefaultMax = 12_500;

/** An administrator says with it that the node is off, and that what was to end on it has. */
const outOfService = 'node.kubernetes.io/out-of-service';

/**
 * Removes pods whose node is gone, of which nobody else will ever say that they have ended, going ones whose node was
 * taken out of service, and the oldest of those that have ended above a number.
 */
export function podGarbageCollector(quarantineMs = quarantineDefaultMs, endedMax = endedDefaultMax): Controller {
  const missingSinceMs = new Map<string, number>();
  return {
    name: 'pod-garbage-collector',
    reconciles: 'pods',
    reads: ['nodes'],
    writes: { pods: ['delete'], 'pods/status': ['update'] },
    enqueue: {
      pods: (pod, { cache }) => {
        const node = nodeNameOf(pod as Pod);
        if (missingSinceMs.has(node) && cache<Pod>('pods').by(nodeNameOf, node).length === 0)
          missingSinceMs.delete(node);
        return [];
      },
      nodes: ({ metadata }, { cache }) => {
        const node = cache<Node>('nodes').get('', metadata.name);
        if (node) missingSinceMs.delete(metadata.name);
        return node === undefined || isAbandoned(node)
          ? cache<Pod>('pods').by(nodeNameOf, metadata.name).map(keyOf)
          : [];
      },
    },
    concerns(object, { cache }) {
      const pod = object as Pod;
      const name = nodeNameOf(pod);
      if (isFinished(pod) || name === '') return isFinished(pod);
      const node = cache<Node>('nodes').get('', name);
      return node === undefined || (isDeleting(pod) && isAbandoned(node));
    },

    async reconcile({ namespace, name }, context): Promise<Result> {
      const pod = context.cache<Pod>('pods').get(namespace, name);
      if (pod !== undefined && isFinished(pod)) await removeOldest(context, endedMax);
      const node = pod?.spec?.nodeName;
      if (pod === undefined || !node) return undefined;
      const present = context.cache<Node>('nodes').get('', node);
      if (present) {
        if (isDeleting(pod) && isAbandoned(present)) await end(context, pod, 'PodGC: node is out of service');
        return undefined;
      }
      const nowMs = context.clock.monotonicMs();
      const sinceMs = missingSinceMs.get(node) ?? nowMs;
      missingSinceMs.set(node, sinceMs);
      if (nowMs - sinceMs < quarantineMs) return { requeueAfterMs: quarantineMs - (nowMs - sinceMs) };
      if (await nodeExists(context.client, node)) return undefined;
      await end(context, pod, 'PodGC: node no longer exists');
      return undefined;
    },
  };
}

const isAbandoned = ({ spec, status }: Node): boolean =>
  !isTrue(status?.conditions, 'Ready') && (spec?.taints ?? []).some(({ key }) => key === outOfService);

const ended = (pod: { status?: Pod['status'] }) => (isFinished(pod as Pod) ? 'ended' : '');

async function removeOldest(context: ControllerContext, endedMax: number): Promise<void> {
  const all = context.cache<Pod>('pods').by(ended, 'ended');
  if (all.length <= endedMax) return;
  const oldest = all.toSorted(byAge).slice(0, all.length - endedMax);
  for (const pod of oldest) await deleteObject(context, 'pods', pod, { gracePeriodSeconds: 0 });
}

/** Of those made within one second, the one that was written last stays. */
const byAge = ({ metadata: a }: Pod, { metadata: b }: Pod): number =>
  Date.parse(a.creationTimestamp!) - Date.parse(b.creationTimestamp!) ||
  Number(a.resourceVersion) - Number(b.resourceVersion);

async function end(context: ControllerContext, pod: Pod, message: string): Promise<void> {
  if (!isFinished(pod)) {
    const condition: Condition = {
      ...{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message },
    };
    const conditions = withCondition(pod.status?.conditions as Condition[], condition, context.clock.now());
    await writeStatus(context, 'pods', pod, { ...pod.status, phase: 'Failed', conditions });
  }
  await deleteObject(context, 'pods', pod, { gracePeriodSeconds: 0 });
}
