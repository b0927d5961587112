import type { Lease, Node, NodeCondition, Pod, Taint } from '../api/schema/types.d.ts';
import { formatTime } from '../foundation/clock.ts';
import { equalJson } from '../foundation/json.ts';
import { type Condition, conditionOf, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { isReady, nodeNameOf } from './pods.ts';
import { createZones, isReadyNode } from './zone-disruption.ts';

const leases = 'leases.coordination.k8s.io';
const leaseNamespace = 'kube-node-lease';
const notReady = 'node.kubernetes.io/not-ready';
const unreachable = 'node.kubernetes.io/unreachable';

/** Conditions of a node that keep new pods away, and the taint that says so. */
const pressureTaints: Record<string, string> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};
const ours = new Set([notReady, unreachable, 'node.kubernetes.io/unschedulable', ...Object.values(pressureTaints)]);

/** Silence after which a node counts as lost. */
const graceMs = 40_000;

/**
 * Notices nodes that fall silent, says so in their conditions and those of their pods, and keeps the taints that follow
 * from conditions. A heartbeat counts from when we saw it by our own clock, so a node's clock may be wrong.
 */
export function nodeLifecycleController(): Controller {
  const heartbeats = new Map<string, { record: string; atMs: number }>();
  const zones = createZones();

  function silentMs(context: ControllerContext, node: Node): number {
    const { name } = node.metadata;
    const lease = context.cache<Lease>(leases).get(leaseNamespace, name);
    const ready = conditionOf(node.status?.conditions, 'Ready') as NodeCondition | undefined;
    const record = `${node.metadata.uid} ${lease?.spec?.renewTime} ${ready?.lastHeartbeatTime}`;
    const nowMs = context.clock.monotonicMs();
    const last = heartbeats.get(name);
    if (last?.record === record) return nowMs - last.atMs;
    heartbeats.set(name, { record, atMs: nowMs });
    return 0;
  }

  return {
    name: 'node',
    reconciles: 'nodes',
    reads: [leases, 'pods'],
    writes: { nodes: ['update'], 'nodes/status': ['update'], 'pods/status': ['update'] },
    enqueue: {
      nodes: ({ metadata: { name } }, { cache, clock }) => {
        const concerned = zones.note(name, cache<Node>('nodes').get('', name), clock.monotonicMs());
        return concerned.map((other) => ({ namespace: '', name: other }));
      },
      [leases]: ({ metadata }) =>
        metadata.namespace === leaseNamespace ? [{ namespace: '', name: metadata.name }] : [],
    },

    async reconcile({ name }, context): Promise<Result> {
      let node = context.cache<Node>('nodes').get('', name);
      if (node === undefined) {
        heartbeats.delete(name);
        return undefined;
      }
      const quietMs = silentMs(context, node);
      if (quietMs >= graceMs) {
        const marked = await markLost(context, node);
        // It comes back with this change, when its zone knows of it.
        if (marked !== node) return undefined;
      }
      const waitsForTurn = troubleOf(node) !== undefined && !isLeft(node);
      const turnMs = waitsForTurn ? zones.takeTurn(name, context.clock.monotonicMs()) : Infinity;
      const isToLeave = turnMs === 0 || (isLeft(node) && !zones.areAllDown());
      const taints = taintsFor(node, context.clock.now(), isToLeave);
      if (!equalJson(taints, node.spec?.taints ?? []))
        node = await context.client.update<Node>('nodes', { ...node, spec: { ...node.spec, taints } });
      if (!isReadyNode(node)) await markPods(context, node);
      // Neither silence nor a turn makes an event: look again when the grace would be over, or the turn comes.
      const waits = [graceMs - quietMs + 100, turnMs].filter((waitMs) => waitMs > 0 && waitMs < Infinity);
      return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined;
    },
  };
}

/** The taint of a node that says that it is not ready, or says nothing any more; one that has yet to begin has its own. */
function troubleOf({ status }: Node): string | undefined {
  const ready = conditionOf(status?.conditions, 'Ready')?.status;
  return ready === 'False' ? notReady : ready === 'Unknown' ? unreachable : undefined;
}

/** Its pods are sent away already. */
const isLeft = ({ spec }: Node): boolean =>
  (spec?.taints ?? []).some(({ key, effect }) => effect === 'NoExecute' && (key === notReady || key === unreachable));

async function markLost(context: ControllerContext, node: Node): Promise<Node> {
  const nowMs = context.clock.now();
  let conditions = node.status?.conditions as Condition[] | undefined;
  const wasReady = conditionOf(conditions, 'Ready')?.status;
  for (const type of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
    const said = conditionOf(conditions, type);
    const never = said === undefined;
    const reason = never ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown';
    const message = never ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.';
    if (said?.status === 'Unknown') continue;
    conditions = withCondition(conditions, { ...said, type, status: 'Unknown', reason, message }, nowMs);
  }
  if (wasReady !== 'Unknown')
    context.event(node, 'Normal', 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
  return writeStatus(context, 'nodes', node, { ...node.status, conditions });
}

/** The node's taints with those that follow from its conditions; times of taints that stay are kept. */
export function taintsFor(node: Node, nowMs: number, isToLeave: boolean): Taint[] {
  const { spec, status } = node;
  const wanted: Taint[] = [];
  const trouble = troubleOf(node);
  if (trouble) wanted.push({ key: trouble, effect: 'NoSchedule' });
  if (trouble && isToLeave) wanted.push({ key: trouble, effect: 'NoExecute' });
  for (const [type, key] of Object.entries(pressureTaints))
    if (conditionOf(status?.conditions, type)?.status === 'True') wanted.push({ key, effect: 'NoSchedule' });
  if (spec?.unschedulable) wanted.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' });
  const present = spec?.taints ?? [];
  const isNew = conditionOf(status?.conditions, 'Ready') === undefined;
  const kept = present.filter(({ key }) => !ours.has(key) || (isNew && key === notReady));
  const derived = wanted.map(
    (taint) =>
      present.find(({ key, effect }) => key === taint.key && effect === taint.effect) ??
      (taint.effect === 'NoExecute' || trouble ? { ...taint, timeAdded: formatTime(nowMs) } : taint),
  );
  return [...kept, ...derived];
}

/** Pods of a node that is not ready serve nobody, as far as anyone can tell. */
async function markPods(context: ControllerContext, { metadata }: Node): Promise<void> {
  const nowMs = context.clock.now();
  for (const pod of context.cache<Pod>('pods').by(nodeNameOf, metadata.name)) {
    if (!isReady(pod) || isDeleting(pod)) continue;
    const old = conditionOf(pod.status?.conditions, 'Ready')!;
    const lost = { ...old, status: 'False', reason: 'NodeNotReady', message: undefined };
    const conditions = withCondition(pod.status?.conditions as Condition[], lost, nowMs);
    await writeStatus(context, 'pods', pod, { ...pod.status, conditions });
  }
}
