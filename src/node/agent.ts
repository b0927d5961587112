import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Node, Pod } from '../api/schema/types.d.ts';
import { type Cache, createCache } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Cgroups } from './cgroups.ts';
import type { ClusterDns } from './environment/host-names.ts';
import { createEvictor } from './eviction/evictor.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createInspection } from './inspection.ts';
import { type Machine, readMachine, readPressure } from './machine.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { createNodeContext } from './node-context.ts';
import type { NetworkHooks } from './pods/context.ts';
import { createPods, type Pods } from './pods/pods.ts';
import { startStaticPods } from './pods/static.ts';
import { kubeletVersion, type NodeOptions, nodeObject } from './reporting/node-status.ts';
import { createNodeReporter } from './reporting/reporter.ts';
import { createRunning } from './running.ts';
import type { Runtime, Sandbox } from './runtimes/runtime.ts';
import { createReader } from './stats/read.ts';
import { createStats, type Stats } from './stats/stats.ts';
import type { Mounter } from './volumes/mounter.ts';

export type AgentOptions = {
  nodeName: string;
  client: Client;
  /** Services of all namespaces: shared with the network room in the same process. */
  services: Cache<any>;
  runtime: Runtime;
  /** Holds `pods/`, and `seccomp/` with the profiles that pods may name; on a disk. */
  dataDirectory: string;
  /** Holds what must not reach a disk: a tmpfs is mounted at `<runDirectory>/memory`. */
  runDirectory: string;
  logsDirectory: string;
  clusterDns: ClusterDns;
  /** The protection of that name, now; default: on. */
  seccompDefault?(): boolean;
  podCIDR: string;
  clock: Clock;
  log: Log;
  network: Partial<NetworkHooks>;
  mounter: Mounter;
  cgroups?: Cgroups;
  /** Where the provisioner puts the directories of local volumes; default `<dataDirectory>/local-path`. */
  localPathRoot?: string;
  /** Pods in the files of this directory run without the API. */
  staticPodsDirectory?: string;
  /** Persistent volumes, and a client that may patch them: whose directories this node removes when they are deleted. */
  persistentVolumes?: { cache: Cache<any>; client: Client };
  /** Stands for the real machine: simulated nodes. */
  machine?: Machine;
  labels?: Record<string, string>;
  address?: string;
  kubeletPort?: number;
  maxPods?: number;
  leaseSeconds?: number;
};

export type Agent = {
  /** Of this node, as its Node object says. */
  address: string;
  /** Registers the node and takes up its pods; resolves when it follows the API. */
  start(): Promise<void>;
  /** Lets go of everything; containers go on. */
  stop(): Promise<void>;
  pods(): Pod[];
  stats: Stats;
  metrics: Metrics;
  /** Every sandbox of a pod with its containers: what exec and logs look up. */
  sandboxes(namespace: string, name: string): Sandbox[];
  /** What keeps the agent from its work, or undefined: its /healthz. */
  unhealthy(): string | undefined;
};

const relistMs = 60_000;
const startRetryMs = 500;
const reservedMemoryBytes = 256 * 2 ** 20;

/** The node agent: runs the pods that the API binds to this node on a runtime, and reports both. */
export function createAgent(options: AgentOptions): Agent {
  const { nodeName, client, runtime, clock, log, dataDirectory, logsDirectory } = options;
  const podsDirectory = join(dataDirectory, 'pods');
  const memoryDirectory = join(options.runDirectory, 'memory');
  const localPathRoot = options.localPathRoot ?? join(dataDirectory, 'local-path');
  for (const path of [podsDirectory, memoryDirectory, logsDirectory]) makePrivate(path);
  makePrivate(join(dataDirectory, 'seccomp'));
  const node = nodeOptions(options);
  const { machine } = node;
  const cache = createCache(client, 'pods', { fieldSelector: `spec.nodeName=${nodeName}` }, { clock, log });
  /** Followed, not asked for: a pod may come the moment after the label that it was placed here for. */
  const ownNode = createCache(client, 'nodes', { fieldSelector: `metadata.name=${nodeName}` }, { clock, log });
  const directories = { podsDirectory, memoryDirectory, localPathRoot };
  const context = createNodeContext(options, { node, ...directories, worker: (uid) => pods.get(uid) });
  const { observed, cgroups } = context;
  const pressure = (pod: Pod) => evictor.refusal(pod);
  const pods: Pods = createPods(context, { cache, node: asAdmitting, pressure, relistMs });
  const running = createRunning({ pods, observed, logsDirectory, podsDirectory });
  const { persistentVolumes } = options;
  const housekeeping = createHousekeeping({
    ...{ nodeName, runtime, running, localPathRoot, clock, log, ...(persistentVolumes ? { persistentVolumes } : {}) },
  });
  const evictor = createEvictor({
    ...{ pods: running.stored, runtime, cgroups, freeImages: housekeeping.freeImages, evict, clock, log },
    readPressure: () => readPressure(dataDirectory),
  });
  const inspect = createInspection({ runtime, evictor, clock });
  const reporter = createNodeReporter({ client, clock, log, node, inspect, leaseSeconds: options.leaseSeconds ?? 40 });
  const memoryAvailableBytes = () => readPressure(dataDirectory).memoryAvailableBytes;
  const reader = createReader({ clock, runtime, cgroups, memoryAvailableBytes, running: running.pods });
  const measured = { nodeName, machine, version: kubeletVersion, running: running.pods, claims: running.claims };
  let stopStatics = () => {};
  let stopped = false;
  let following = false;

  /** Resources as they are here, labels as the API has them. */
  function asAdmitting(): Node {
    const own = nodeObject(node);
    const [followed] = ownNode.list();
    return { ...own, metadata: followed?.metadata ?? reporter.latest()?.metadata ?? own.metadata } as Node;
  }

  function evict(pod: Pod, message: string): void {
    if (pods.get(pod.metadata.uid!)?.memory.stop) return;
    context.record(pod, 'Warning', 'Evicted', message);
    pods.fail(pod.metadata.uid!, 'Evicted', message, 0);
  }

  async function startStatics(): Promise<void> {
    const directory = options.staticPodsDirectory;
    if (directory === undefined) return;
    makePrivate(directory);
    const nodeUid = () => reporter.latest()?.metadata.uid;
    stopStatics = await startStaticPods({ directory, nodeName, nodeUid, client, pods, clock, log });
  }

  /** The runtime may be slower to start than the agent. */
  async function follow(): Promise<void> {
    while (!following && !stopped)
      try {
        await pods.start(startStatics);
        following = true;
        housekeeping.start();
        evictor.start();
      } catch (error) {
        log.warn('the runtime does not answer yet', { error });
        await new Promise<void>((resolve) => clock.after(startRetryMs, resolve));
      }
  }

  return {
    address: machine.address,
    async start() {
      await options.mounter.tmpfs(memoryDirectory, { mode: '0700' });
      reporter.start();
      await follow();
    },
    async stop() {
      stopped = true;
      for (const part of [reporter, evictor, housekeeping, pods, observed, context.prober, context.sources])
        part.stop();
      stopStatics();
      cache.stop();
      ownNode.stop();
    },
    pods: () => pods.list().map((pod) => context.statuses.latest(pod.metadata.uid!) ?? pod),
    stats: createStats({ nodeName, clock, reader, dataDirectory, stored: evictor.measured }),
    metrics: createMetrics({ ...measured, reader, cgroups }),
    sandboxes: running.sandboxes,
    unhealthy: () => (following ? undefined : 'the container runtime has not answered yet'),
  };
}

const makePrivate = (path: string) => mkdirSync(path, { recursive: true, mode: 0o700 });

function nodeOptions(options: AgentOptions): NodeOptions {
  const { nodeName, podCIDR, dataDirectory, address } = options;
  const machine = options.machine ?? readMachine(dataDirectory, address);
  return {
    ...{ nodeName, machine, podCIDR },
    maxPods: options.maxPods ?? 110,
    reserved: {
      cpuMilli: 100,
      memoryBytes: Math.min(reservedMemoryBytes, machine.memoryBytes / 10),
      diskBytes: machine.diskBytes / 10,
    },
    labels: options.labels ?? {},
    kubeletPort: options.kubeletPort ?? 10250,
  };
}
