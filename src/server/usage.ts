import type { KubernetesObject } from '../api/object.ts';
import { type VirtualKind, virtualKind } from './virtual.ts';

export type Usage = {
  nodes(): Promise<KubernetesObject[]>;
  pods(namespace: string | undefined): Promise<KubernetesObject[]>;
};

const usageKind = (kind: string, resource: string, namespaced: boolean, what: string) =>
  virtualKind({
    ...{ group: 'metrics.k8s.io', version: 'v1beta1', kind, resource, namespaced },
    description: `${kind} is how much cpu and memory ${what}, as measured last.`,
    verbs: ['get', 'list'],
  });

/** metrics.k8s.io as `kubectl top` reads it: what was measured last. */
export const usageKinds = (usage: Usage): VirtualKind[] => [
  { kind: usageKind('NodeMetrics', 'nodes', false, 'a node uses'), list: () => usage.nodes() },
  {
    kind: usageKind('PodMetrics', 'pods', true, 'each container of a pod uses'),
    list: ({ namespace }) => usage.pods(namespace),
  },
];
