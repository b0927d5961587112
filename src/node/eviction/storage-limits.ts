import { limitsOf, podAmounts } from '../../api/pod-resources.ts';
import type { Container, Pod } from '../../api/schema/types.d.ts';
import { quantityValue } from '../../foundation/quantity.ts';
import { type StorageUsage, totalBytes } from './storage-usage.ts';

/** Has a limit of what it writes to the disk: only of such a pod it must be known. */
export const isBounded = ({ spec }: Pod): boolean =>
  limited(spec!.initContainers).length > 0 ||
  limited(spec!.containers).length > 0 ||
  (spec!.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined);

const limitOf = ({ resources }: Container): string | undefined => limitsOf(resources)['ephemeral-storage'];
const limited = (containers: Container[] = []) => containers.filter((container) => limitOf(container) !== undefined);

/**
 * Why a pod must go for what it wrote to the node's disk: an emptyDir beyond its sizeLimit, all of it beyond the limits of
 * its containers together, or a container beyond its own. Undefined: it may stay. Source:
 * https://kubernetes.io/docs/concepts/storage/ephemeral-storage/#resource-emphemeralstorage-consumption
 */
export function storageExcess(pod: Pod, usage: StorageUsage): string | undefined {
  const { containers, initContainers, volumes = [] } = pod.spec!;
  for (const { name, emptyDir } of volumes) {
    const { sizeLimit } = emptyDir ?? {};
    const limitBytes = quantityValue(sizeLimit);
    if (limitBytes > 0 && (usage.volumes.get(name) ?? 0) > limitBytes)
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${sizeLimit}".`;
  }
  const podLimitBytes = podAmounts(pod, limitsOf).ephemeralBytes;
  if (limited([...(initContainers ?? []), ...containers]).length > 0 && totalBytes(usage) > podLimitBytes)
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${podLimitBytes}.`;
  const over = limited(containers).find(
    (container) => (usage.containers.get(container.name) ?? 0) > quantityValue(limitOf(container)!),
  );
  return over && `Container ${over.name} exceeded its local ephemeral storage limit "${limitOf(over)}".`;
}
