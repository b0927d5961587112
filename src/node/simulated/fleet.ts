import type { KubernetesObject } from '../../api/object.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Caches } from '../../client/cache.ts';
import type { Client } from '../../client/client.ts';
import { type Clock, formatMicroTime, formatTime } from '../../foundation/clock.ts';
import { createLane } from '../../foundation/lane.ts';
import type { Log } from '../../foundation/log.ts';
import { nodeLease, nodeObject } from './objects.ts';
import { createPodPlayer } from './play.ts';

export type FleetOptions = {
  client: Client;
  /** `pods` is watched once for all nodes. */
  caches: Caches;
  nodes: number;
  clock: Clock;
  log: Log;
  /** Nodes are called `<prefix>-0`, `<prefix>-1`, …; `simulated` when nothing is said. */
  namePrefix?: string;
  /** Of each node: 32 cores, 128 GiB and 110 pods when nothing is said. */
  capacity?: Record<string, string>;
  /** Also plays the pods of its nodes; without it they stay Pending. True when nothing is said. */
  runPods?: boolean;
};

/** `start` resolves when all nodes are registered and Ready; `stop` takes nodes and leases away again. */
export type Fleet = { start(): Promise<void>; stop(): Promise<void> };

const leaseNamespace = 'kube-node-lease';
const renewEveryMs = 20_000;
const tickMs = 50;
/** As many as a client keeps connections for (client/https-transport.ts): more would be opened and closed each time. */
const renewalsAtOnceMax = 8;
const writesAtOnceMax = 64;
const writesWaitingMax = 100_000;
const defaultCapacity = { cpu: '32', memory: '128Gi', pods: '110', 'ephemeral-storage': '500Gi' };

/**
 * Many nodes that exist only in the API: they register, renew their leases and, when asked to, let their pods run by
 * simple rules (see play.ts), for development and measuring. Nothing runs anywhere.
 */
export function createFleet(options: FleetOptions): Fleet {
  const { client, caches, nodes, clock, log, namePrefix = 'simulated', runPods = true } = options;
  const names = Array.from({ length: nodes }, (_, index) => `${namePrefix}-${index}`);
  const own = new Set(names);
  const lane = createLane(renewalsAtOnceMax, writesWaitingMax);
  const player = createPodPlayer({ client, clock, log });
  let next = 0;
  let due = 0;
  let stopped = false;
  let stopWatching = () => {};

  async function register(name: string, index: number): Promise<void> {
    const capacity = { ...defaultCapacity, ...options.capacity };
    await create('nodes', nodeObject(name, index, capacity, formatTime(clock.now())));
    await create('leases.coordination.k8s.io', nodeLease(name, formatMicroTime(clock.now())));
  }

  async function create(resource: string, object: KubernetesObject): Promise<void> {
    try {
      await client.create(resource, object);
    } catch (error) {
      if ((error as { reason?: string }).reason !== 'AlreadyExists') throw error;
    }
  }

  /**
   * Renewals are spread over time, as those of real nodes are: each tick takes the next few. Behind hundreds at once
   * everybody else would wait.
   */
  function renew(): void {
    if (stopped) return;
    for (due += (names.length * tickMs) / renewEveryMs; due >= 1; due--) {
      const name = names[next++ % names.length]!;
      lane.run(`lease ${name}`, () => renewLease(name));
    }
    clock.after(tickMs, renew);
  }

  async function renewLease(name: string): Promise<void> {
    const body = { spec: { renewTime: formatMicroTime(clock.now()) } };
    try {
      await client.patch('leases.coordination.k8s.io', { namespace: leaseNamespace, name }, { type: 'merge', body });
    } catch (error) {
      log.debug('a lease was not renewed', { node: name, error });
    }
  }

  async function forAll(act: (name: string, index: number) => Promise<void>): Promise<void> {
    const entries = names.entries();
    const worker = async () => {
      for (const [index, name] of entries) await act(name, index);
    };
    await Promise.all(Array.from({ length: Math.min(writesAtOnceMax, names.length) }, worker));
  }

  return {
    async start() {
      await create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: leaseNamespace } });
      await forAll(register);
      if (names.length > 0) renew();
      if (!runPods) return;
      await caches('pods').synced();
      stopWatching = caches('pods').subscribe((type, object) => {
        const pod = object as Pod;
        if (!own.has(pod.spec?.nodeName ?? '')) return;
        if (type === 'DELETED') player.forget(pod);
        else player.see(pod);
      });
    },
    async stop() {
      stopped = true;
      stopWatching();
      player.stop();
      await forAll(async (name) => {
        await client.delete('nodes', { name }).catch(() => {});
        await client.delete('leases.coordination.k8s.io', { namespace: leaseNamespace, name }).catch(() => {});
      });
    },
  };
}
