import type { KubernetesObject } from '../../api/object.ts';
import type { ImageRun } from '../../api/observations/observation.ts';
import { workloadOf } from '../../api/observations/workload.ts';

/** A container that runs or ran, as its pod's status tells. `lastMs` is now while it runs. */
export type ContainerRun = { id: string; image: Omit<ImageRun, 'count'> };

const digestOf = (imageID: string): string => /sha256:[0-9a-f]{64}$/.exec(imageID)?.[0] ?? '';

export function containersOf({ metadata, status }: KubernetesObject, nowMs: number): ContainerRun[] {
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
