import type { KubernetesObject } from '../../api/object.ts';
import { workloadOf } from '../../api/observations/workload.ts';
import type { Clock } from '../../foundation/clock.ts';

/** Where a pod runs or ran, and what made it. `labels`: while it is there. */
export type KnownPod = { node: string; workload: string | undefined; labels?: Record<string, string> };

export const knownPod = ({ metadata, spec }: KubernetesObject): KnownPod => ({
  node: spec?.nodeName ?? '',
  workload: workloadOf(metadata),
});

const goneMax = 10_000;
/** Longer than a node keeps what it cannot report yet. */
const goneMs = 30 * 60_000;

/** Where pods were that are gone: what a node saw of them arrives a little later. */
export function createGonePods(clock: Clock) {
  const places = new Map<string, KnownPod & { atMs: number }>();
  return {
    add(pod: KubernetesObject) {
      const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
      places.delete(key);
      places.set(key, { ...knownPod(pod), atMs: clock.now() });
      for (const [oldest, { atMs }] of places) {
        if (places.size <= goneMax && atMs >= clock.now() - goneMs) break;
        places.delete(oldest);
      }
    },
    podAt: (namespace: string, name: string): KnownPod | undefined => places.get(`${namespace}/${name}`),
  };
}
