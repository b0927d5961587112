import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../api/object.ts';
import type { Node, NodeCondition, NodeStatus } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import { type Clock, formatMicroTime, formatTime } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Machine } from './machine.ts';
import type { Image } from './runtimes/runtime.ts';

export type NodeFindings = {
  runtime: { ready: boolean; networkReady: boolean; message: string; name: string; version: string };
  pressure: { memory: boolean; disk: boolean; processes: boolean };
  images: Image[];
};

export type NodeOptions = {
  nodeName: string;
  machine: Machine;
  podCIDR: string;
  maxPods: number;
  /** Kept back for the system and Rempart itself. */
  reserved: { cpuMilli: number; memoryBytes: number; diskBytes: number };
  labels: Record<string, string>;
  kubeletPort: number;
};

export const kubeletVersion = 'v1.36.0+rempart';
const imagesMax = 50;

/** The Node object as it should be registered. */
export function nodeObject(options: NodeOptions): Node {
  const { nodeName, machine, podCIDR, labels } = options;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: {
        'kubernetes.io/hostname': nodeName,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': machine.architecture,
        ...labels,
      },
    },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: { capacity: capacity(options), allocatable: allocatable(options) },
  } as Node;
}

const kibibytes = (bytes: number) => `${Math.max(Math.floor(bytes / 1024), 0)}Ki`;
const cpuText = (milli: number) => (milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`);

function capacity({ machine, maxPods }: NodeOptions): Record<string, string> {
  return {
    cpu: cpuText(machine.cpuMilli),
    memory: kibibytes(machine.memoryBytes),
    'ephemeral-storage': kibibytes(machine.diskBytes),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    pods: String(maxPods),
  };
}

function allocatable(options: NodeOptions): Record<string, string> {
  const { machine, reserved } = options;
  return {
    ...capacity(options),
    cpu: cpuText(machine.cpuMilli - reserved.cpuMilli),
    memory: kibibytes(machine.memoryBytes - reserved.memoryBytes),
    'ephemeral-storage': kibibytes(machine.diskBytes - reserved.diskBytes),
  };
}

/**
 * What an administrator advertises in the node's capacity beside the agent's own amounts: extended resources. All of it
 * is for pods. https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/
 */
function advertised({ capacity: all = {} }: NodeStatus, own: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(all as Record<string, string>).filter(([name]) => !(name in own)));
}

/** The status of the node for what was found; conditions keep their transition times while they do not change. */
export function nodeStatus(options: NodeOptions, found: NodeFindings, before: NodeStatus, nowMs: number): NodeStatus {
  const { machine, nodeName, kubeletPort } = options;
  const extended = advertised(before, capacity(options));
  return {
    ...before,
    capacity: { ...extended, ...capacity(options) },
    allocatable: { ...extended, ...allocatable(options) },
    addresses: [
      { type: 'InternalIP', address: machine.address },
      { type: 'Hostname', address: nodeName },
    ],
    conditions: conditions(found, before.conditions ?? [], formatTime(nowMs)),
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    images: found.images
      .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, imagesMax)
      .map(({ tags, digests, sizeBytes }) => ({ names: [...digests, ...tags].slice(0, 5), sizeBytes })),
    nodeInfo: {
      machineID: machine.machineID,
      systemUUID: machine.systemUUID,
      bootID: machine.bootID,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${found.runtime.name}://${found.runtime.version}`,
      kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
  } as NodeStatus;
}

function conditions({ runtime, pressure }: NodeFindings, before: NodeCondition[], now: string): NodeCondition[] {
  const ready = runtime.ready && runtime.networkReady;
  const wanted: [string, boolean, string, string][] = [
    ['MemoryPressure', pressure.memory, ...pressureText(pressure.memory, 'memory')],
    ['DiskPressure', pressure.disk, ...pressureText(pressure.disk, 'disk')],
    ['PIDPressure', pressure.processes, ...pressureText(pressure.processes, 'PID')],
    ready
      ? ['Ready', true, 'KubeletReady', 'the node agent is posting ready status']
      : ['Ready', false, 'KubeletNotReady', runtime.message || 'the container runtime is not ready'],
  ];
  const own = wanted.map(([type, value, reason, message]) => {
    const status = value ? 'True' : 'False';
    const old = before.find((condition) => condition.type === type);
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  });
  const others = before.filter(({ type }) => !wanted.some(([name]) => name === type));
  return [...others, ...own] as NodeCondition[];
}

/** Reason and message of a pressure condition, in the words that dashboards and people look for. */
function pressureText(under: boolean, what: 'memory' | 'disk' | 'PID'): [string, string] {
  const reasons = {
    memory: ['KubeletHasInsufficientMemory', 'KubeletHasSufficientMemory'],
    disk: ['KubeletHasDiskPressure', 'KubeletHasNoDiskPressure'],
    PID: ['KubeletHasInsufficientPID', 'KubeletHasSufficientPID'],
  }[what];
  return under ? [reasons[0]!, `node has ${what} pressure`] : [reasons[1]!, `node has sufficient ${what} available`];
}

export type NodeReporter = {
  start(): void;
  /** Look at the node again now: something that its status shows has changed. */
  refresh(): Promise<void>;
  stop(): void;
  latest(): Node | undefined;
};

export type ReporterOptions = {
  client: Client;
  clock: Clock;
  log: Log;
  node: NodeOptions;
  inspect(): Promise<NodeFindings>;
  /** Seconds; the node counts as gone when its lease is this old. */
  leaseSeconds: number;
};

const inspectMs = 10_000;
/** A node that is not ready yet is looked at more often: somebody waits for it. */
const unreadyMs = 500;
/** A status in which nothing changed is still written this often, as the kubelet does. */
const reportMs = 300_000;

/** Registers the node, keeps its lease fresh and writes its status when it changes. */
export function createNodeReporter(options: ReporterOptions): NodeReporter {
  const { client, clock, log, node, inspect, leaseSeconds } = options;
  let current: Node | undefined;
  let uid: string | undefined;
  let failures = 0;
  let lease: KubernetesObject | undefined;
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  let cancels: (() => void)[] = [];
  let stopped = false;

  async function register(): Promise<Node> {
    const wanted = nodeObject(node);
    try {
      return await client.create<Node>('nodes', wanted as KubernetesObject);
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    }
    const found = await client.get<Node>('nodes', { name: node.nodeName });
    const labels = { ...found.metadata.labels, ...wanted.metadata.labels };
    const spec = {
      ...found.spec,
      podCIDR: found.spec?.podCIDR ?? node.podCIDR,
      podCIDRs: found.spec?.podCIDRs ?? [node.podCIDR],
    };
    if (isDeepStrictEqual(labels, found.metadata.labels) && isDeepStrictEqual(spec, found.spec)) return found;
    return client.patch<Node>(
      'nodes',
      { name: node.nodeName },
      { type: 'merge', body: { metadata: { labels }, spec } },
    );
  }

  function registerIfGone(error: unknown): Promise<Node> {
    if (error instanceof ApiError && error.reason === 'NotFound') return register();
    throw error;
  }

  async function report(): Promise<void> {
    current ??= await register();
    const found = await inspect();
    // Compared with what the API says now: after a silence it says Unknown, which nobody but this agent takes back.
    current = await client.get<Node>('nodes', { name: node.nodeName }).catch(registerIfGone);
    uid = current.metadata.uid;
    const status = nodeStatus(node, found, current.status ?? {}, clock.now());
    const due = clock.monotonicMs() - reportedAtMs >= reportMs;
    if (!due && isDeepStrictEqual(timeless(status), timeless(current.status ?? {}))) return;
    try {
      const body = {
        status: { ...status, allocatable: { ...withdrawn(current.status, status), ...status.allocatable } },
      };
      current = await client.patch<Node>(
        'nodes',
        { name: node.nodeName },
        { type: 'strategic', body },
        { subresource: 'status' },
      );
      reportedAtMs = clock.monotonicMs();
    } catch (error) {
      // Deleted by someone, or changed since: read it again the next time.
      current = undefined;
      throw error;
    }
  }

  async function renew(): Promise<void> {
    const spec = {
      holderIdentity: node.nodeName,
      leaseDurationSeconds: leaseSeconds,
      renewTime: formatMicroTime(clock.now()),
    };
    const metadata = { name: node.nodeName, namespace: 'kube-node-lease' };
    const resource = 'leases.coordination.k8s.io';
    try {
      if (lease) {
        lease = await client.update(resource, { ...lease, spec: { ...lease['spec'], ...spec } });
        return;
      }
      const owner = { apiVersion: 'v1', kind: 'Node', name: node.nodeName, uid: uid! };
      const object = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { ...metadata, ownerReferences: [owner] },
        spec,
      };
      lease = await client.create(resource, object);
    } catch (error) {
      lease = undefined;
      const stale = error instanceof ApiError && ['AlreadyExists', 'Conflict'].includes(error.reason);
      if (!stale) throw error;
      const found = await client.get(resource, metadata);
      lease = await client.update(resource, { ...found, spec: { ...found['spec'], ...spec } });
    }
  }

  async function forever(work: () => Promise<void>, delayMs: () => number, what: string): Promise<void> {
    let nextMs = 0;
    try {
      await work();
      failures = 0;
      nextMs = delayMs();
    } catch (error) {
      nextMs = Math.min(250 * 2 ** Math.min(failures++, 10), inspectMs);
      log.warn(`${what} failed; trying again`, { nextMs, error });
    }
    if (!stopped) cancels = [...cancels.slice(-8), clock.after(nextMs, () => void forever(work, delayMs, what))];
  }

  const isReady = () =>
    current?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const renewIfKnown = async () => (uid === undefined ? undefined : renew());

  return {
    start() {
      const reporting = forever(report, () => (isReady() ? inspectMs : unreadyMs), 'reporting the node');
      void reporting.then(() => forever(renewIfKnown, () => (leaseSeconds * 1000) / 4, 'renewing the node lease'));
    },
    refresh: () => report().catch((error) => log.warn('reporting the node failed', { error })),
    stop() {
      stopped = true;
      for (const cancel of cancels) cancel();
    },
    latest: () => current,
  };
}

/** In a merge patch: what is no longer advertised, as null. */
function withdrawn({ allocatable: old = {} }: NodeStatus = {}, { allocatable: now = {} }: NodeStatus) {
  const gone = Object.keys(old).filter((name) => !(name in now));
  return Object.fromEntries(gone.map((name) => [name, null]));
}

/** Heartbeats change every time and mean nothing by themselves. */
function timeless(status: NodeStatus): unknown {
  const conditions = (status.conditions ?? []).map(({ lastHeartbeatTime, ...rest }) => rest);
  return JSON.parse(JSON.stringify({ ...status, conditions }));
}
