import type { Node, Pod, Taint, Toleration } from '../api/schema/types.d.ts';
import { type Condition, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { deleteObject, isDeleting, keyOf } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { isFinished } from './pods.ts';

/** Deletes pods from nodes with NoExecute taints that they do not tolerate, or not any longer. */
export const taintEvictionController = (): Controller => ({
  name: 'taint-eviction',
  reconciles: 'pods',
  reads: ['nodes'],
  writes: { pods: ['delete'], 'pods/status': ['update'] },
  enqueue: {
    nodes: (node, { cache }) =>
      noExecute(node as Node).length === 0
        ? []
        : cache<Pod>('pods')
            .list()
            .filter(({ spec }) => spec?.nodeName === node.metadata.name)
            .map(keyOf),
  },

  async reconcile({ namespace, name }, context): Promise<Result> {
    const pod = context.cache<Pod>('pods').get(namespace, name);
    if (!pod?.spec?.nodeName || isDeleting(pod) || isFinished(pod)) return undefined;
    const node = context.cache<Node>('nodes').get('', pod.spec.nodeName);
    const atMs = node && evictionMs(noExecute(node), pod.spec.tolerations ?? [], context.clock.now());
    if (atMs === undefined) return undefined;
    const waitMs = atMs - context.clock.now();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    await evict(context, pod);
    return undefined;
  },
});

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
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return nowMs;
    const limits = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
    if (limits.length === 0) continue;
    const sinceMs = Date.parse(taint.timeAdded ?? '') || nowMs;
    const atMs = sinceMs + Math.max(0, Math.min(...limits)) * 1000;
    earliestMs = Math.min(earliestMs ?? Number.POSITIVE_INFINITY, atMs);
  }
  return earliestMs;
}

/** core/v1 Toleration: an empty key with Exists tolerates every taint, an empty effect every effect. */
export function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (!key) return operator === 'Exists';
  if (key !== taint.key) return false;
  return operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? ''));
}
