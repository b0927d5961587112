import type { KubernetesObject } from '../../api/object.ts';
import { type Collection, keyOf } from '../../api/observations/collection.ts';
import type { ImageRun, Window } from '../../api/observations/observation.ts';
import { workloadOf } from '../../api/observations/workload.ts';
import type { Cache } from '../../client/cache.ts';
import type { Clock } from '../../foundation/clock.ts';

/** A container that runs or ran, as its pod's status tells. `lastMs` is now while it runs. */
type ContainerRun = { id: string; image: Omit<ImageRun, 'count'> };

const digestOf = (imageID: string): string => /sha256:[0-9a-f]{64}$/.exec(imageID)?.[0] ?? '';

function containersOf({ metadata, status }: KubernetesObject, nowMs: number): ContainerRun[] {
  const lists = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'];
  return lists.flatMap((list) =>
    (status?.[list] ?? []).flatMap(({ image, imageID = '', containerID, state }: any) => {
      const { running, terminated } = state ?? {};
      const firstMs = Date.parse((running ?? terminated)?.startedAt ?? '');
      if (!containerID || Number.isNaN(firstMs)) return [];
      const endMs = running ? nowMs : Date.parse(terminated.finishedAt ?? '');
      const run = {
        ...{ image, digest: digestOf(imageID), namespace: metadata.namespace ?? '' },
        workload: workloadOf(metadata) ?? `Pod/${metadata.name}`,
        ...{ firstMs: Math.min(firstMs, nowMs), lastMs: Math.max(Math.min(firstMs, nowMs), endMs || firstMs) },
      };
      return [{ id: containerID, image: run }];
    }),
  );
}

/** Counts the images that run: a container once, however often it is seen. */
export type ImageCount = {
  /** Looks at every pod: what was watched by it. Undefined where it was only just looked. */
  look(pods: Cache): Omit<Window, 'source'> | undefined;
  /** A pod that is gone tells of its containers for the last time. */
  last(pod: KubernetesObject): void;
};

/** Every pod is looked at for its images: not for each who asks. */
const everyMs = 10_000;

export function createImageCount(collection: Collection, clock: Clock): ImageCount {
  /** Ids of containers that were there the last time. */
  let counted = new Set<string>();
  let sinceMs: number | undefined;

  /** Containers that were not there the last time count; the others are seen once more. Returns how many were lost. */
  function count(pod: KubernetesObject, seen: Set<string>): number {
    let lost = 0;
    for (const { id, image } of containersOf(pod, clock.now())) {
      const before = collection.get('images', keyOf('images', { ...image, count: 1 }));
      // After a restart nothing was counted yet, but what is known since the container began was.
      const known = before !== undefined && (counted.has(id) || before.lastMs >= image.firstMs);
      lost += collection.add('images', { ...image, count: known ? 0 : 1 });
      seen.add(id);
    }
    return lost;
  }

  return {
    look(pods) {
      const nowMs = clock.now();
      if (nowMs - (sinceMs ?? 0) < everyMs) return undefined;
      const running = new Set<string>();
      const lost = pods.list().reduce((sum, pod) => sum + count(pod, running), 0);
      counted = running;
      const fromMs = sinceMs ?? nowMs;
      sinceMs = nowMs;
      return { fromMs, toMs: nowMs, lost };
    },
    last: (pod) => void count(pod, new Set()),
  };
}
