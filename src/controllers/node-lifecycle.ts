import type { Lease, Node, NodeCondition, Pod, Taint } from '../api/schema/types.d.ts';
import { formatTime } from '../foundation/clock.ts';
import { equalJson } from '../foundation/json.ts';
import { type Condition, conditionOf, isTrue, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { isDeleting, keyOf } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { isReady, nodeNameOf } from './pods.ts';

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
  /** Names: counted as they come and go, since a large cluster has many of them and they change all the time. */
  const readyNodes = new Set<string>();

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
      nodes: ({ metadata: { name } }, { cache }) => {
        const node = cache<Node>('nodes').get('', name);
        const wereReady = readyNodes.size > 0;
        if (node && isReadyNode(node)) readyNodes.add(name);
        else readyNodes.delete(name);
        if (readyNodes.size > 0 === wereReady) return [];
        const others = cache<Node>('nodes').list();
        return others.filter((other) => !isReadyNode(other)).map(keyOf);
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
      const lost = quietMs >= graceMs;
      if (lost) node = await markLost(context, node);
      const isOther = (other: Node) => isReadyNode(other) && other.metadata.name !== name;
      const hasOthers = !isReadyNode(node) && context.cache<Node>('nodes').list().some(isOther);
      const taints = taintsFor(node, context.clock.now(), hasOthers);
      if (!equalJson(taints, node.spec?.taints ?? []))
        node = await context.client.update<Node>('nodes', { ...node, spec: { ...node.spec, taints } });
      if (!isReadyNode(node)) await markPods(context, node);
      // Silence makes no event: look again when the grace would be over.
      return lost ? undefined : { requeueAfterMs: graceMs - quietMs + 100 };
    },
  };
}

const isReadyNode = ({ status }: Node): boolean => isTrue(status?.conditions, 'Ready');

async function markLost(context: ControllerContext, node: Node): Promise<Node> {
  const nowMs = context.clock.now();
  let conditions = node.status?.conditions as Condition[] | undefined;
  const wasReady = conditionOf(conditions, 'Ready')?.status;
  for (const type of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
    const never = conditionOf(conditions, type) === undefined;
    const reason = never ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown';
    const message = never ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.';
    if (conditionOf(conditions, type)?.status === 'Unknown') continue;
    conditions = withCondition(conditions, { type, status: 'Unknown', reason, message }, nowMs);
  }
  if (wasReady !== 'Unknown')
    context.event(node, 'Normal', 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
  return writeStatus(context, 'nodes', node, { ...node.status, conditions });
}

/**
 * The node's taints with those that follow from its conditions; times of taints that stay are kept. Pods are sent away
 * only where another node is ready: when all of them are lost, it is likely that we are, and there is nowhere to go.
 * https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction
 */
export function taintsFor({ spec, status }: Node, nowMs: number, hasOthers: boolean): Taint[] {
  const wanted: Taint[] = [];
  const ready = conditionOf(status?.conditions, 'Ready')?.status;
  // A node that has said nothing yet registers with its own taint.
  const trouble = ready === 'False' ? notReady : ready === 'Unknown' ? unreachable : undefined;
  if (trouble) wanted.push({ key: trouble, effect: 'NoSchedule' });
  if (trouble && hasOthers) wanted.push({ key: trouble, effect: 'NoExecute' });
  for (const [type, key] of Object.entries(pressureTaints))
    if (conditionOf(status?.conditions, type)?.status === 'True') wanted.push({ key, effect: 'NoSchedule' });
  if (spec?.unschedulable) wanted.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' });
  const present = spec?.taints ?? [];
  const kept = present.filter(({ key }) => !ours.has(key) || (ready === undefined && key === notReady));
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
