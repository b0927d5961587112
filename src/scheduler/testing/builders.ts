import type { Node, Pod, PodSpec } from '../../api/schema/types.d.ts';
import { type PodInfo, parsePod } from '../pod-info.ts';
import { createWorld, type Volumes, type World } from '../snapshot.ts';

type NodeOptions = {
  labels?: Record<string, string>;
  allocatable?: Record<string, string>;
  taints?: { key: string; value?: string; effect: string }[];
  unschedulable?: boolean;
};

export function buildNode(name: string, { labels, allocatable, taints, unschedulable }: NodeOptions = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { taints, unschedulable },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi', ...allocatable } },
  };
}

type PodOptions = {
  namespace?: string;
  labels?: Record<string, string>;
  requests?: Record<string, string>;
  hostPort?: number;
} & Partial<PodSpec>;

export function buildPod(name: string, options: PodOptions = {}): Pod {
  const { namespace = 'default', labels, requests, hostPort, ...spec } = options;
  const ports = hostPort === undefined ? undefined : [{ containerPort: hostPort, hostPort, protocol: 'TCP' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, uid: `uid-${namespace}-${name}` },
    spec: { containers: [{ name: 'main', image: 'app', resources: { requests }, ports }], ...spec },
  };
}

export const buildInfo = (name: string, options: PodOptions = {}): PodInfo => parsePod(buildPod(name, options));

/** A world of nodes and of pods that are placed (they name their node). */
export function buildWorld(nodes: Node[], pods: Pod[] = [], volumes?: Volumes): World {
  const world = createWorld({ volumes, namespaceLabels: (name) => ({ 'kubernetes.io/metadata.name': name }) });
  for (const node of nodes) world.setNode(node);
  for (const pod of pods) world.place(parsePod(pod));
  return world;
}
