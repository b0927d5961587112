import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../api/schema/types.d.ts';
import { equalJson } from '../foundation/json.ts';
import { copyNode, type NodeInfo, nodeInfo, placePod, unplacePod } from './node-info.ts';
import { createNominations } from './nominations.ts';
import type { PodInfo } from './pod-info.ts';
import type { Siblings } from './siblings.ts';
import { createTopology, type Topology, topologyWithout } from './topology.ts';

/** What decisions are made from. Plugins only read it. */
export type Snapshot = {
  nodes: readonly NodeInfo[];
  /** By position in `nodes`: another number than ever before once the node, or what is placed on it, has changed. */
  stamps: readonly number[];
  node(name: string): NodeInfo | undefined;
  /** Placed pods of a namespace. */
  podsIn(namespace: string): Iterable<PodInfo>;
  /** Who of them stands where. */
  topology: Topology;
  /** Pods that are promised this node while their victims leave; are there any anywhere? */
  nominated(nodeName: string): readonly PodInfo[];
  hasNominated(): boolean;
  nominatedNode(uid: string): string | undefined;
  namespaceLabels(namespace: string): Record<string, string> | undefined;
  volumes: Volumes;
  siblings: Siblings;
};

export type Volumes = {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  /** Those that are reserved for the claim, and those of its class that are free. */
  offeredTo(claim: PersistentVolumeClaim): Iterable<PersistentVolume>;
  storageClass(name: string): StorageClass | undefined;
};

const noVolumes: Volumes = {
  claim: () => undefined,
  volume: () => undefined,
  offeredTo: () => [],
  storageClass: () => undefined,
};

export type World = Snapshot & {
  setNode(node: Node): void;
  removeNode(name: string): void;
  /** Places a pod (by its nodeName), or moves it. Pods of nodes that are not known yet wait for them. */
  place(pod: PodInfo): void;
  unplace(uid: string): void;
  placed(uid: string): PodInfo | undefined;
  nominate(pod: PodInfo, nodeName: string): void;
  denominate(uid: string): void;
  /** Labels of a namespace may be others than before. */
  namespaceChanged(): void;
};

/** The snapshot that follows events: each costs as much as its one pod or node, however large the cluster is. */
export function createWorld({
  volumes = noVolumes,
  namespaceLabels = () => undefined,
  siblings = () => undefined,
}: Partial<Pick<Snapshot, 'volumes' | 'namespaceLabels' | 'siblings'>> = {}): World {
  const nodes: NodeInfo[] = [];
  const stamps: number[] = [];
  let changes = 0;
  const positions = new Map<string, number>();
  const pods = new Map<string, PodInfo>();
  const byNamespace = new Map<string, Set<PodInfo>>();
  const node = (name: string) => nodes[positions.get(name) ?? -1];
  const podsIn = (namespace: string) => byNamespace.get(namespace) ?? [];
  const topology = createTopology({ nodes, node, podsIn, pods: { [Symbol.iterator]: () => pods.values() } });

  function setNode(value: Node): void {
    const { name } = value.metadata;
    const position = positions.get(name);
    if (position !== undefined) {
      const old = nodes[position]!;
      const now = nodeInfo(value, old);
      const stands = equalJson([old.labels, old.taints], [now.labels, now.taints]);
      if (!stands) topology.nodeRemoved(old);
      nodes[position] = now;
      stamps[position] = ++changes;
      if (!stands) topology.nodeAdded(now);
      return;
    }
    const added = nodeInfo(value);
    positions.set(name, nodes.push(added) - 1);
    stamps.push(++changes);
    for (const pod of pods.values()) if (pod.nodeName === name) placePod(added, pod);
    topology.nodeAdded(added);
  }

  function removeNode(name: string): void {
    const position = positions.get(name);
    if (position === undefined) return;
    topology.nodeRemoved(nodes[position]!);
    positions.delete(name);
    const [last, lastStamp] = [nodes.pop()!, stamps.pop()!];
    if (last.name === name) return;
    nodes[position] = last;
    stamps[position] = lastStamp;
    positions.set(last.name, position);
  }

  function place(pod: PodInfo): void {
    unplace(pod.uid);
    pods.set(pod.uid, pod);
    const siblings = byNamespace.get(pod.namespace);
    if (siblings) siblings.add(pod);
    else byNamespace.set(pod.namespace, new Set([pod]));
    topology.placed(pod);
    change(pod, placePod);
  }

  /** On the pod's node, if it is known. */
  function change(pod: PodInfo, by: (node: NodeInfo, pod: PodInfo) => void): void {
    const position = positions.get(pod.nodeName);
    if (position === undefined) return;
    by(nodes[position]!, pod);
    stamps[position] = ++changes;
  }

  function unplace(uid: string): void {
    const pod = pods.get(uid);
    if (pod === undefined) return;
    topology.unplaced(pod);
    pods.delete(uid);
    const siblings = byNamespace.get(pod.namespace);
    if (siblings?.delete(pod) && siblings.size === 0) byNamespace.delete(pod.namespace);
    change(pod, unplacePod);
  }

  return {
    nodes,
    stamps,
    node,
    podsIn,
    topology,
    ...createNominations(),
    namespaceLabels,
    volumes,
    siblings,
    setNode,
    removeNode,
    place,
    unplace,
    placed: (uid) => pods.get(uid),
    namespaceChanged: topology.namespacesChanged,
  };
}

/** The same world with some pods of one node gone: "what if these were evicted?". */
export function without(
  snapshot: Snapshot,
  node: NodeInfo,
  gone: Set<PodInfo>,
): { snapshot: Snapshot; node: NodeInfo } {
  const changed = copyNode(node);
  for (const pod of gone) unplacePod(changed, pod);
  const left = (pods: Iterable<PodInfo>) => ({
    *[Symbol.iterator]() {
      for (const pod of pods) if (!gone.has(pod)) yield pod;
    },
  });
  return {
    node: changed,
    snapshot: {
      ...snapshot,
      node: (name) => (name === node.name ? changed : snapshot.node(name)),
      podsIn: (namespace) => left(snapshot.podsIn(namespace)),
      topology: topologyWithout(snapshot.topology, node, gone),
    },
  };
}
