import type { Node, Pod } from '../../src/api/schema/types.d.ts';
import type { Cache } from '../../src/client/cache.ts';
import type { Client } from '../../src/client/client.ts';
import { type Clock, formatMicroTime, formatTime } from '../../src/foundation/clock.ts';
import { nodeLease, nodeObject } from '../../src/node/simulated/objects.ts';
import { conditionOf, withCondition } from '../../src/reconcile/conditions.ts';

export type SimulatedNode = {
  name: string;
  alive: boolean;
  stop(): void;
};

const capacity = { cpu: '4', memory: '8Gi', pods: '20', 'ephemeral-storage': '50Gi' };
const tickMs = 1000;
const renewEveryTicks = 10;

type Options = { name: string; index: number; client: Client; pods: Cache<Pod>; clock: Clock };

/**
 * What an agent promises, and nothing else: while it is alive it renews its lease, says that it is ready, lets the pods
 * that are bound to it run, and ends those that are to go. It looks at everything every second, as if just started.
 */
export function createNode({ name, index, client, pods, clock }: Options): SimulatedNode {
  const node: SimulatedNode = { name, alive: true, stop: () => cancel() };
  let ticks = 0;
  let cancel = clock.after(index * 100, tick);

  function tick(): void {
    cancel = clock.after(tickMs, tick);
    if (!node.alive) return;
    if (ticks++ % renewEveryTicks === 0) void report().catch(() => {});
    for (const pod of pods.list()) if (pod.spec?.nodeName === name) void act(pod).catch(() => {});
  }

  async function report(): Promise<void> {
    const time = formatTime(clock.now());
    await client.create('nodes', nodeObject(name, index, capacity, time)).catch(() => {});
    const renewTime = formatMicroTime(clock.now());
    await client.create('leases.coordination.k8s.io', nodeLease(name, renewTime)).catch(() => {});
    const lease = { namespace: 'kube-node-lease', name };
    await client.patch('leases.coordination.k8s.io', lease, { type: 'merge', body: { spec: { renewTime } } });
    const present = await client.get<Node>('nodes', { name });
    if (conditionOf(present.status?.conditions as any, 'Ready')?.status === 'True') return;
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'simulated' };
    const conditions = withCondition(present.status?.conditions as any, ready, clock.now());
    await client.update('nodes', { ...present, status: { ...present.status, conditions } } as any, {
      subresource: 'status',
    });
  }

  async function act(pod: Pod): Promise<void> {
    const { namespace, name: podName, uid, deletionTimestamp } = pod.metadata;
    const place = { namespace: namespace!, name: podName! };
    if (deletionTimestamp) return client.delete('pods', place, { gracePeriodSeconds: 0, preconditions: { uid: uid! } });
    const { phase, conditions } = pod.status ?? {};
    if (phase === 'Succeeded' || phase === 'Failed') return;
    const completes = pod.spec?.restartPolicy !== 'Always';
    if (phase === 'Running' && !completes && conditionOf(conditions as any, 'Ready')?.status === 'True') return;
    const next = phase === 'Running' && completes ? 'Succeeded' : 'Running';
    const ready = { type: 'Ready', status: next === 'Running' ? 'True' : 'False' };
    const podIP = pod.status?.podIP ?? nextAddress();
    const status = {
      ...{ phase: next, podIP, podIPs: [{ ip: podIP }], startTime: pod.status?.startTime ?? formatTime(clock.now()) },
      conditions: withCondition(conditions as any, ready as any, clock.now()),
    };
    const body = { metadata: { uid }, status };
    await client.patch('pods', place, { type: 'merge', body }, { subresource: 'status' });
  }

  let addresses = 0;
  const nextAddress = () => `100.${64 + index}.${(++addresses >> 8) & 255}.${addresses & 255}`;
  return node;
}
