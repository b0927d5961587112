import type { Node, Pod, Taint, Toleration } from '../api/schema/types.d.ts';
import { toleratesTaint } from '../api/tolerations.ts';
import { type Condition, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { deleteObject, isDeleting, keyOf } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { isFinished, nodeNameOf } from './pods.ts';

/**
 * Deletes pods from nodes with NoExecute taints that they do not tolerate, or not any longer. Patience is measured from
 * when the taints were first seen, as the wall clock may jump meanwhile.
 */
export const taintEvictionController = (): Controller => {
  const plans = new Map<string, { record: string; atMs: number }>();

  /** When the pod has to go, by the steady clock; undefined when it may stay. */
  function planned(pod: Pod, node: Node | undefined, { clock }: ControllerContext): number | undefined {
    const taints = node ? noExecute(node) : [];
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const atMs = evictionMs(taints, pod.spec?.tolerations ?? [], clock.now());
    if (atMs === undefined) {
      plans.delete(key);
      return undefined;
    }
    const record = JSON.stringify([pod.metadata.uid, taints, pod.spec?.tolerations]);
    const plan = plans.get(key);
    if (plan?.record === record) return plan.atMs;
    const next = { record, atMs: clock.monotonicMs() + atMs - clock.now() };
    plans.set(key, next);
    return next.atMs;
  }

  return {
    name: 'taint-eviction',
    reconciles: 'pods',
    reads: ['nodes'],
    writes: { pods: ['delete'], 'pods/status': ['update'] },
    enqueue: {
      nodes: (node, { cache }) =>
        noExecute(node as Node).length === 0 ? [] : cache<Pod>('pods').by(nodeNameOf, node.metadata.name).map(keyOf),
    },
    concerns(pod, { cache }) {
      const { namespace, name } = pod.metadata;
      const node = cache<Node>('nodes').get('', nodeNameOf(pod as Pod));
      if (node?.spec?.taints !== undefined && noExecute(node).length > 0) return true;
      return plans.size > 0 && plans.has(`${namespace}/${name}`);
    },

    async reconcile({ namespace, name }, context): Promise<Result> {
      const pod = context.cache<Pod>('pods').get(namespace, name);
      if (!pod?.spec?.nodeName || isDeleting(pod) || isFinished(pod)) {
        plans.delete(`${namespace}/${name}`);
        return undefined;
      }
      const atMs = planned(pod, context.cache<Node>('nodes').get('', pod.spec.nodeName), context);
      if (atMs === undefined) return undefined;
      const waitMs = atMs - context.clock.monotonicMs();
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      await evict(context, pod);
      return undefined;
    },
  };
};

const noExecute = ({ spec }: Node): Taint[] => (spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

async function evict(context: ControllerContext, pod: Pod): Promise<void> {
  context.event(
    pod,
    'Normal',
    'TaintManagerEviction',
    `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`,
  );
  const condition: Condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
  };
  const conditions = withCondition(pod.status?.conditions as Condition[], condition, context.clock.now());
  await writeStatus(context, 'pods', pod, { ...pod.status, conditions });
  await deleteObject(context, 'pods', pod);
}

/** When a pod has to go, in milliseconds since the epoch; undefined when it tolerates everything for ever. */
export function evictionMs(taints: Taint[], tolerations: Toleration[], nowMs: number): number | undefined {
  let earliestMs: number | undefined;
  for (const taint of taints) {
    const matching = tolerations.filter((toleration) => toleratesTaint(toleration, taint));
    if (matching.length === 0) return nowMs;
    const limits = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
    if (limits.length === 0) continue;
    // A time to come was written by a clock that was ahead.
    const sinceMs = Math.min(Date.parse(taint.timeAdded ?? '') || nowMs, nowMs);
    const atMs = sinceMs + Math.max(0, Math.min(...limits)) * 1000;
    earliestMs = Math.min(earliestMs ?? Number.POSITIVE_INFINITY, atMs);
  }
  return earliestMs;
}
