import { limitsOf, podAmounts } from '../api/pod-resources.ts';
import type { Pod } from '../api/schema/types.d.ts';
import { quantityValue } from '../foundation/quantity.ts';
import { diskUsage } from './volumes/disk-usage.ts';
import type { PodVolumes } from './volumes/volumes.ts';

/**
 * Why a pod must go for what it wrote to the node's disk: an emptyDir beyond its sizeLimit, or logs and emptyDirs
 * together beyond the pod's ephemeral-storage limit. Undefined: it may stay. Only pods with such limits cost anything.
 */
export async function storageExcess(pod: Pod, volumes: PodVolumes, logDirectory: string): Promise<string | undefined> {
  const podLimit = boundOf(pod);
  let totalBytes = 0;
  for (const { name, emptyDir } of pod.spec!.volumes ?? []) {
    const path = volumes.get(name)?.hostPath;
    if (emptyDir === undefined || emptyDir.medium === 'Memory' || path === undefined) continue;
    const limit = emptyDir.sizeLimit === undefined ? undefined : quantityValue(emptyDir.sizeLimit);
    if (limit === undefined && podLimit === undefined) continue;
    const bytes = await diskUsage(path, limit ?? podLimit);
    if (limit !== undefined && bytes > limit)
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir.sizeLimit}".`;
    totalBytes += bytes;
  }
  if (podLimit === undefined) return undefined;
  totalBytes += await diskUsage(logDirectory, podLimit);
  if (totalBytes <= podLimit) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${podLimit}.`;
}

/** A pod is bounded when each of its containers is. */
function boundOf(pod: Pod): number | undefined {
  const limits = pod.spec!.containers.map(({ resources }) => limitsOf(resources)['ephemeral-storage']);
  return limits.every((limit) => limit !== undefined) ? podAmounts(pod, limitsOf).ephemeralBytes : undefined;
}
