import { join } from 'node:path';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Container, Runtime } from '../runtimes/runtime.ts';
import { diskUsage } from '../volumes/disk-usage.ts';
import type { PodVolumes } from '../volumes/volumes.ts';

/** What a pod has on the node's disk, in bytes by name of container and volume. */
export type StorageUsage = {
  /** Their own layers, and their logs. */
  containers: Map<string, number>;
  /** Its emptyDirs on disk: what is in memory counts as memory. */
  volumes: Map<string, number>;
};

export type StoredPod = { pod: Pod; containers: Container[]; volumes: PodVolumes | undefined; logDirectory: string };

/** Reads what running containers, logs and emptyDirs take. What vanishes meanwhile takes nothing. */
export async function readStorage(
  { pod, containers, volumes, logDirectory }: StoredPod,
  { writableBytes }: Pick<Runtime, 'writableBytes'>,
): Promise<StorageUsage> {
  const usage: StorageUsage = { containers: new Map(), volumes: new Map() };
  for (const { name } of [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers])
    usage.containers.set(name, await diskUsage(join(logDirectory, name)));
  for (const { id, name } of containers)
    usage.containers.set(name, (usage.containers.get(name) ?? 0) + (await writableBytes(id)));
  for (const { name, emptyDir } of pod.spec!.volumes ?? []) {
    const path = volumes?.get(name)?.hostPath;
    if (emptyDir !== undefined && emptyDir.medium !== 'Memory' && path !== undefined)
      usage.volumes.set(name, await diskUsage(path));
  }
  return usage;
}

export const totalBytes = ({ containers, volumes }: StorageUsage): number =>
  [...containers.values(), ...volumes.values()].reduce((sum, bytes) => sum + bytes, 0);
