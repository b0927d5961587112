import type { Node, NodeCondition, NodeStatus } from '../../api/schema/types.d.ts';
import { formatTime } from '../../foundation/clock.ts';
import type { Machine } from '../machine.ts';
import type { Image } from '../runtimes/runtime.ts';

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
