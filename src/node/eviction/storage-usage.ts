import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Container, Runtime } from '../runtimes/runtime.ts';
import { diskUsage } from '../volumes/disk-usage.ts';
import type { PodVolumes } from '../volumes/volumes.ts';

/** What a pod has on the node's disk, in bytes by name of container and volume. */
export type StorageUsage = {
  /** Their own layers, logs, and termination messages. */
  containers: Map<string, number>;
  /** Its emptyDirs on disk: what is in memory counts as memory. */
  volumes: Map<string, number>;
  /** The /etc/hosts that its containers share, and that root in one of them may fill. */
  hostsBytes: number;
};

export type StoredPod = {
  pod: Pod;
  containers: Container[];
  volumes: PodVolumes | undefined;
  logDirectory: string;
  hostsFile: string;
  messagesDirectory: string;
};

/** Reads what containers, their logs, emptyDirs and the agent's files for them take. What vanishes meanwhile takes nothing. */
export async function readStorage(
  { pod, containers, volumes, logDirectory, hostsFile, messagesDirectory }: StoredPod,
  { writableBytes }: Pick<Runtime, 'writableBytes'>,
): Promise<StorageUsage> {
  const hostsBytes = await lstat(hostsFile).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );
  const usage: StorageUsage = { containers: new Map(), volumes: new Map(), hostsBytes };
  const { initContainers = [], containers: main, ephemeralContainers = [] } = pod.spec!;
  for (const { name } of [...initContainers, ...main, ...ephemeralContainers])
    usage.containers.set(
      name,
      (await diskUsage(join(logDirectory, name))) + (await diskUsage(join(messagesDirectory, name))),
    );
  for (const { id, name } of containers)
    usage.containers.set(name, (usage.containers.get(name) ?? 0) + (await writableBytes(id)));
  for (const { name, emptyDir } of pod.spec!.volumes ?? []) {
    const path = volumes?.get(name)?.hostPath;
    if (emptyDir !== undefined && emptyDir.medium !== 'Memory' && path !== undefined)
      usage.volumes.set(name, await diskUsage(path));
  }
  return usage;
}

export const totalBytes = ({ containers, volumes, hostsBytes }: StorageUsage): number =>
  [...containers.values(), ...volumes.values()].reduce((sum, bytes) => sum + bytes, hostsBytes);
