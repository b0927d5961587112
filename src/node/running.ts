import type { PersistentVolume, Pod } from '../api/schema/types.d.ts';
import type { StoredPod } from './eviction/storage-usage.ts';
import type { MountedClaim } from './metrics/kubelet.ts';
import type { Observed } from './pods/observed.ts';
import { hostsFileOf, messagesDirectoryOf } from './pods/own-files.ts';
import type { Pods } from './pods/pods.ts';
import { logDirectoryOf } from './pods/sandbox-config.ts';
import type { Container, Sandbox } from './runtimes/runtime.ts';
import { pathOnNode } from './volumes/persistent.ts';
import type { PodVolumes } from './volumes/volumes.ts';

/** What runs on this node now, as its parts ask about it: who measures, who makes room, who streams. */
export type Running = {
  /** All pods with their running containers: of some none runs. */
  pods(): { pod: Pod; containers: Container[] }[];
  containers(): Promise<Container[]>;
  /** Pods that run and are not being stopped, and where on the disk they have something. */
  stored(): StoredPod[];
  claims(): MountedClaim[];
  /** By path, not by claim: another claim of the same name may be in use meanwhile. */
  mounts(volume: PersistentVolume): boolean;
  /** Every sandbox of a pod with its containers, whatever their state. */
  sandboxes(namespace: string, name: string): Sandbox[];
};

export type RunningOptions = {
  pods: Pick<Pods, 'list' | 'get'>;
  observed: Pick<Observed, 'ofPod'>;
  logsDirectory: string;
  podsDirectory: string;
};

export function createRunning({ pods, observed, logsDirectory, podsDirectory }: RunningOptions): Running {
  const memoryOf = ({ metadata }: Pod) => pods.get(metadata.uid!)?.memory;
  const all = () =>
    pods.list().map((pod) => {
      const containers = observed.ofPod(pod.metadata.uid!).flatMap((sandbox) => sandbox.containers);
      return { pod, containers: containers.filter(({ state }) => state === 'running') };
    });

  return {
    pods: all,
    containers: async () => all().flatMap(({ containers }) => containers),
    stored: () =>
      all().flatMap(({ pod, containers }) => {
        if (containers.length === 0 || memoryOf(pod)?.stop !== undefined) return [];
        const logDirectory = logDirectoryOf(logsDirectory, pod);
        const hostsFile = hostsFileOf(podsDirectory, pod);
        const messagesDirectory = messagesDirectoryOf(podsDirectory, pod);
        return [{ pod, containers, volumes: memoryOf(pod)?.volumes, logDirectory, hostsFile, messagesDirectory }];
      }),
    claims: () => pods.list().flatMap((pod) => mountedClaims(pod, memoryOf(pod)?.volumes)),
    mounts(volume) {
      const path = pathOnNode(volume);
      if (path === undefined) return false;
      const mounted = pods.list().flatMap((pod) => [...(memoryOf(pod)?.volumes?.values() ?? [])]);
      return mounted.some(({ hostPath }) => hostPath === path);
    },
    sandboxes: (namespace, name) =>
      pods
        .list()
        .filter(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
        .flatMap(({ metadata }) => observed.ofPod(metadata.uid!)),
  };
}

/** A generic ephemeral volume is a claim that is called after the pod. */
function mountedClaims({ metadata, spec }: Pod, volumes: PodVolumes = new Map()): MountedClaim[] {
  return (spec!.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral && `${metadata.name}-${name}`);
    const path = volumes.get(name)?.hostPath;
    return claim && path ? [{ namespace: metadata.namespace!, claim, path }] : [];
  });
}
