import { type Amounts, add, nothing, parseAmounts } from '../api/pod-resources.ts';
import type { Node, Taint } from '../api/schema/types.d.ts';
import type { HostPort, PodInfo } from './pod-info.ts';

/** A node with what is placed on it: sums are kept current, so that no decision adds them up. */
export type NodeInfo = {
  node: Node;
  name: string;
  labels: Record<string, string>;
  /** Taints that keep pods out; those that only rank are `softTaints`. */
  taints: Taint[];
  softTaints: Taint[];
  unschedulable: boolean;
  allocatable: Amounts;
  requested: Amounts;
  usual: { cpuMilli: number; memoryBytes: number };
  pods: Map<string, PodInfo>;
  ports: HostPort[];
};

const empty = { requested: nothing, usual: () => ({ cpuMilli: 0, memoryBytes: 0 }) };

/** `old`: the same node before a change; its pods stay. */
export function nodeInfo(node: Node, old?: NodeInfo): NodeInfo {
  const taints = node.spec?.taints ?? [];
  return {
    node,
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    taints: taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
    softTaints: taints.filter(({ effect }) => effect === 'PreferNoSchedule'),
    unschedulable: node.spec?.unschedulable === true,
    allocatable: parseAmounts(node.status?.allocatable ?? node.status?.capacity),
    requested: old?.requested ?? empty.requested(),
    usual: old?.usual ?? empty.usual(),
    pods: old?.pods ?? new Map(),
    ports: old?.ports ?? [],
  };
}

export function placePod(node: NodeInfo, pod: PodInfo): void {
  node.pods.set(pod.uid, pod);
  add(node.requested, pod.requests);
  node.usual.cpuMilli += pod.usual.cpuMilli;
  node.usual.memoryBytes += pod.usual.memoryBytes;
  if (pod.ports.length > 0) node.ports = [...node.ports, ...pod.ports];
}

export function unplacePod(node: NodeInfo, pod: PodInfo): void {
  if (!node.pods.delete(pod.uid)) return;
  add(node.requested, pod.requests, -1);
  node.usual.cpuMilli -= pod.usual.cpuMilli;
  node.usual.memoryBytes -= pod.usual.memoryBytes;
  if (pod.ports.length > 0) node.ports = node.ports.filter((port) => !pod.ports.includes(port));
}

/** A copy to try things on. */
export function copyNode(node: NodeInfo): NodeInfo {
  const { extended } = node.requested;
  return {
    ...node,
    requested: { ...node.requested, extended: extended && new Map(extended) },
    usual: { ...node.usual },
    pods: new Map(node.pods),
  };
}
