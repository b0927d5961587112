import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '../api/object.ts';
import type { Node, PersistentVolume, Pod } from '../api/schema/types.d.ts';
import { type Cache, createCache } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { createRecorder } from '../reconcile/events.ts';
import { type Cgroups, noCgroups } from './cgroups.ts';
import { type ClusterDns, parseResolvConf } from './environment/host-names.ts';
import { createEvictor } from './eviction/evictor.ts';
import type { StoredPod } from './eviction/storage-usage.ts';
import { type ImageCollector, imagesInUse, startImageCollector } from './images/collect.ts';
import { createPuller } from './images/pull.ts';
import { startLogRotation } from './logs/rotate.ts';
import { type Machine, readMachine, readPressure } from './machine.ts';
import type { MountedClaim } from './metrics/kubelet.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { createNodeReporter, kubeletVersion, type NodeFindings, type NodeOptions, nodeObject } from './node-status.ts';
import type { NetworkHooks, NodeContext } from './pods/context.ts';
import { ensureImage } from './pods/image.ts';
import { createObserved } from './pods/observed.ts';
import { createPods } from './pods/pods.ts';
import { createRecords } from './pods/records.ts';
import { logDirectoryOf } from './pods/sandbox-config.ts';
import { startStaticPods } from './pods/static.ts';
import { createStatusWriter } from './pods/status-writer.ts';
import { createProber } from './probes/prober.ts';
import type { Image, Runtime, Sandbox } from './runtimes/runtime.ts';
import { createSources } from './sources.ts';
import { createReader } from './stats/read.ts';
import { createStats, type Stats } from './stats/stats.ts';
import { createTurns } from './turns.ts';
import type { Mounter } from './volumes/mounter.ts';
import { startReclaim } from './volumes/reclaim.ts';
import { createVolumes, type PodVolumes } from './volumes/volumes.ts';

export type AgentOptions = {
  nodeName: string;
  client: Client;
  /** Services of all namespaces: shared with the network room in the same process. */
  services: Cache<any>;
  runtime: Runtime;
  /** Holds `pods/`; on a disk. */
  dataDirectory: string;
  /** Holds what must not reach a disk: a tmpfs is mounted at `<runDirectory>/memory`. */
  runDirectory: string;
  logsDirectory: string;
  clusterDns: ClusterDns;
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
/** containerd starts more pods per second this way than when all come at once. */
const startsAtOnce = 8;
const reservedMemoryBytes = 256 * 2 ** 20;

/** The node agent: runs the pods that the API binds to this node on a runtime, and reports both. */
export function createAgent(options: AgentOptions): Agent {
  const { nodeName, client, runtime, clock, log, dataDirectory, runDirectory, mounter } = options;
  const podsDirectory = join(dataDirectory, 'pods');
  const memoryDirectory = join(runDirectory, 'memory');
  for (const path of [podsDirectory, memoryDirectory, options.logsDirectory])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  const machine = options.machine ?? readMachine(dataDirectory, options.address);
  const node: NodeOptions = {
    nodeName,
    machine,
    podCIDR: options.podCIDR,
    maxPods: options.maxPods ?? 110,
    reserved: {
      cpuMilli: 100,
      memoryBytes: Math.min(reservedMemoryBytes, machine.memoryBytes / 10),
      diskBytes: machine.diskBytes / 10,
    },
    labels: options.labels ?? {},
    kubeletPort: options.kubeletPort ?? 10250,
  };
  const recorder = createRecorder({ client, component: 'kubelet', host: nodeName, clock, log });
  const record: NodeContext['record'] = (pod, type, reason, message, container) =>
    recorder(pod as KubernetesObject, type, reason, message, container && fieldPathOf(pod, container));
  const cache = createCache(client, 'pods', { fieldSelector: `spec.nodeName=${nodeName}` }, { clock, log });
  /** Followed, not asked for: a pod may come the moment after the label that it was placed here for. */
  const ownNode = createCache(client, 'nodes', { fieldSelector: `metadata.name=${nodeName}` }, { clock, log });
  const wake = (uid: string) => pods.wake(uid);
  const services = options.services;
  const sources = createSources({ client, services, clock, log, onChange: (uid) => pods.get(uid)?.refresh() });
  const facts = (podIPs: string[]) => ({
    nodeName,
    hostIP: machine.address,
    podIPs,
    allocatable: {
      cpuMilli: machine.cpuMilli - node.reserved.cpuMilli,
      memoryBytes: machine.memoryBytes - node.reserved.memoryBytes,
      ephemeralBytes: machine.diskBytes - node.reserved.diskBytes,
    },
  });
  const localPathRoot = options.localPathRoot ?? join(dataDirectory, 'local-path');
  const context: NodeContext = {
    nodeName,
    runtime,
    client,
    clock,
    log,
    record,
    observed: createObserved({ runtime, clock, log, onChange: wake }),
    volumes: createVolumes({ podsDirectory, memoryDirectory, localPathRoot, sources, mounter }),
    cgroups: options.cgroups ?? noCgroups,
    prober: createProber({ runtime, clock, onChange: wake, onFailure: unhealthy }),
    sources,
    statuses: createStatusWriter({ client, clock, log }),
    records: createRecords(podsDirectory, log),
    network: { beforePodStarts: none, podNetworkReady: none, podNetworkGone: none, ...options.network },
    inTurn: createTurns(startsAtOnce),
    ensureImage: (pod, container) =>
      ensureImage(runtime.images, puller, { secret: sources.secret, record }, pod, container),
    facts,
    nodeMemoryBytes: machine.memoryBytes,
    hostIP: machine.address,
    podsDirectory,
    logsDirectory: options.logsDirectory,
    clusterDns: options.clusterDns,
    hostDns: parseResolvConf(readText('/etc/resolv.conf')),
  };
  const pods = createPods(context, {
    cache,
    node: asAdmitting,
    pressure: (pod) => evictor.refusal(pod),
    relistMs,
  });
  const leaseSeconds = options.leaseSeconds ?? 40;
  const reporter = createNodeReporter({ client, clock, log, node, inspect, leaseSeconds });
  const puller = createPuller({ images: runtime.images, log });
  const reader = createReader({
    ...{ clock, runtime, cgroups: context.cgroups, running },
    memoryAvailableBytes: () => readPressure(dataDirectory).memoryAvailableBytes,
  });
  let images: ImageCollector | undefined;
  let rotation: { stop(): void } | undefined;
  let described = {
    version: { name: 'containerd', version: 'unknown' },
    images: [] as Image[],
    atMs: Number.NEGATIVE_INFINITY,
  };
  const evictor = createEvictor({
    ...{ pods: storedPods, runtime, cgroups: context.cgroups, clock, log },
    readPressure: () => readPressure(dataDirectory),
    freeImages: async () => (await images?.collectAll()) !== 0,
    evict,
  });
  let stopStatics = () => {};
  let stopReclaim = () => {};
  let stopped = false;
  let following = false;

  /** Resources as they are here, labels as the API has them. */
  function asAdmitting(): Node {
    const own = nodeObject(node);
    const [followed] = ownNode.list();
    return { ...own, metadata: followed?.metadata ?? reporter.latest()?.metadata ?? own.metadata } as Node;
  }

  function running() {
    return pods.list().map((pod) => {
      const containers = context.observed.ofPod(pod.metadata.uid!).flatMap((sandbox) => sandbox.containers);
      return { pod, containers: containers.filter(({ state }) => state === 'running') };
    });
  }

  function claims(): MountedClaim[] {
    return pods.list().flatMap((pod) => mountedClaims(pod, pods.get(pod.metadata.uid!)?.memory.volumes));
  }

  const runningContainers = async () => running().flatMap(({ containers }) => containers);

  /** By path, not by claim: another claim of the same name may be in use meanwhile. */
  function inUse({ spec }: PersistentVolume): boolean {
    const path = spec?.hostPath?.path ?? spec?.local?.path;
    const mounted = pods
      .list()
      .flatMap(({ metadata }) => [...(pods.get(metadata.uid!)?.memory.volumes?.values() ?? [])]);
    return mounted.some(({ hostPath }) => hostPath === path);
  }

  function unhealthy(uid: string, container: string, kind: string, message: string): void {
    const pod = pods.get(uid)?.memory.pod;
    const name = kind[0]!.toUpperCase() + kind.slice(1);
    if (pod) record(pod, 'Warning', 'Unhealthy', `${name} probe failed: ${message}`, container);
  }

  function storedPods(): StoredPod[] {
    return running().flatMap(({ pod, containers }) => {
      const { stop, volumes } = pods.get(pod.metadata.uid!)!.memory;
      const logDirectory = logDirectoryOf(options.logsDirectory, pod);
      return containers.length > 0 && stop === undefined ? [{ pod, containers, volumes, logDirectory }] : [];
    });
  }

  function evict(pod: Pod, message: string): void {
    if (pods.get(pod.metadata.uid!)?.memory.stop) return;
    record(pod, 'Warning', 'Evicted', message);
    pods.fail(pod.metadata.uid!, 'Evicted', message, 0);
  }

  async function inspect(): Promise<NodeFindings> {
    const failed = (error: Error) => ({ ready: false, networkReady: false, message: error.message });
    const status = await runtime.status().catch(failed);
    // What hardly changes is asked for once a minute.
    if (status.ready && clock.monotonicMs() - described.atMs > relistMs)
      described = { version: await runtime.version(), images: await runtime.images.list(), atMs: clock.monotonicMs() };
    const pressure = await evictor.look();
    return { runtime: { ...status, ...described.version }, pressure, images: described.images };
  }

  async function startStatics(): Promise<void> {
    const directory = options.staticPodsDirectory;
    if (directory === undefined) return;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const nodeUid = () => reporter.latest()?.metadata.uid;
    stopStatics = await startStaticPods({ directory, nodeName, nodeUid, client, pods, clock, log });
  }

  return {
    address: machine.address,
    async start() {
      await mounter.tmpfs(memoryDirectory, { mode: '0700' });
      reporter.start();
      for (let started = false; !started && !stopped; )
        try {
          await pods.start(startStatics);
          started = true;
          following = true;
          evictor.start();
          images = startImageCollector({ images: runtime.images, clock, log, inUse: () => imagesInUse(runtime) });
          rotation = startLogRotation({ clock, log, containers: runningContainers, reopen: runtime.reopenLog });
          if (options.persistentVolumes) {
            const { cache: volumes, client: volumeClient } = options.persistentVolumes;
            stopReclaim = startReclaim({ client: volumeClient, volumes, nodeName, localPathRoot, inUse, clock, log });
          }
        } catch (error) {
          log.warn('the runtime does not answer yet', { error });
          await new Promise<void>((resolve) => clock.after(startRetryMs, resolve));
        }
    },
    async stop() {
      stopped = true;
      reporter.stop();
      evictor.stop();
      stopStatics();
      stopReclaim();
      images?.stop();
      rotation?.stop();
      pods.stop();
      context.observed.stop();
      context.prober.stop();
      sources.stop();
      cache.stop();
      ownNode.stop();
    },
    pods: () => pods.list().map((pod) => context.statuses.latest(pod.metadata.uid!) ?? pod),
    stats: createStats({ nodeName, clock, reader, dataDirectory }),
    metrics: createMetrics({
      ...{ nodeName, machine, reader, running, claims },
      cgroups: context.cgroups,
      version: kubeletVersion,
    }),
    sandboxes: (namespace, name) =>
      pods
        .list()
        .filter(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
        .flatMap(({ metadata }) => context.observed.ofPod(metadata.uid!)),
    unhealthy: () => (following ? undefined : 'the container runtime has not answered yet'),
  };
}

const none = async () => {};

function mountedClaims({ metadata, spec }: Pod, volumes: PodVolumes = new Map()): MountedClaim[] {
  return (spec!.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral && `${metadata.name}-${name}`);
    const path = volumes.get(name)?.hostPath;
    return claim && path ? [{ namespace: metadata.namespace!, claim, path }] : [];
  });
}

function fieldPathOf({ spec }: Pod, container: string): string {
  const isInit = spec!.initContainers?.some(({ name }) => name === container);
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
