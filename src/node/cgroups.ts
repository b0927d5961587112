import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limitsOf, podAmounts, requestsOf } from '../api/pod-resources.ts';
import { qosClass } from '../api/pods/qos.ts';
import type { Pod } from '../api/schema/types.d.ts';
import { cpuQuota, cpuShares } from './resources.ts';
import { type CgroupUsage, readCgroupUsage } from './runtimes/cgroup-usage.ts';
import { type CgroupLimits, cgroupFolder, createPodCgroup, removePodCgroup } from './runtimes/cgroups.ts';

/** The cgroups of pods: `<parent>/<class>/pod<uid>`, with the pod's own limits, made and removed by the agent. */
export type Cgroups = {
  /** What the runtime is told as the parent of a pod's containers; empty when cgroups are not managed. */
  parentOf(pod: Pod): string;
  create(pod: Pod): Promise<void>;
  remove(pod: Pod): Promise<void>;
  /** Removes the cgroups of pods that are not in this set, and says how many: what a crash left behind. */
  removeOthers(uids: ReadonlySet<string>): Promise<number>;
  /** Removes everything this agent made. */
  removeAll(): Promise<void>;
  /** Of the pod, or of one of its containers; undefined when there is no such cgroup. */
  usage(pod: Pod, containerId?: string): Promise<CgroupUsage | undefined>;
  /** A process of a container, by its id on this machine; undefined when there is none. */
  processIn(pod: Pod, containerId: string): Promise<number | undefined>;
};

/** For runtimes that have no processes. */
export const noCgroups: Cgroups = {
  parentOf: () => '',
  create: async () => {},
  remove: async () => {},
  removeOthers: async () => 0,
  removeAll: async () => {},
  usage: async () => undefined,
  processIn: async () => undefined,
};

const classes = ['guaranteed', 'burstable', 'besteffort'];
/** No fork bomb takes the machine's process ids. */
export const pidsPerPod = 4096;

/** `parent` is the cgroup of the whole node, such as `/rempart-dev`. */
export function createCgroups(parent: string): Cgroups {
  const pathOf = (pod: Pod) => `${parent}/${qosClass(pod).toLowerCase()}/pod${pod.metadata!.uid}`;

  function present(): string[] {
    const paths = new Set<string>();
    for (const controller of ['memory', 'cpu', 'systemd', 'unified'])
      for (const name of classes) {
        const folder = cgroupFolder(controller, `${parent}/${name}`);
        const entries = existsSync(folder) ? readdirSync(folder) : [];
        for (const entry of entries) if (entry.startsWith('pod')) paths.add(`${parent}/${name}/${entry}`);
      }
    return [...paths];
  }

  return {
    parentOf: pathOf,
    async create(pod) {
      createPodCgroup(pathOf(pod), limitsFor(pod));
    },
    async remove(pod) {
      if (!removePodCgroup(pathOf(pod))) throw new Error(`cgroup ${pathOf(pod)} still holds processes`);
    },
    async removeOthers(uids) {
      // One that still holds processes stays for the next time.
      const stale = present().filter((path) => !uids.has(path.slice(path.lastIndexOf('/pod') + 4)));
      return stale.filter(removePodCgroup).length;
    },
    async removeAll() {
      removePodCgroup(parent);
    },
    // containerd names a container's cgroup by its id.
    usage: (pod, containerId) =>
      readCgroupUsage(containerId ? `${pathOf(pod)}/${containerId}` : pathOf(pod)).catch(() => undefined),
    async processIn(pod, containerId) {
      const file = join(cgroupFolder('memory', `${pathOf(pod)}/${containerId}`), 'cgroup.procs');
      return Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10) || undefined;
    },
  };
}

function limitsFor(pod: Pod): CgroupLimits {
  const { cpuMilli } = podAmounts(pod, requestsOf);
  const limits = podAmounts(pod, limitsOf);
  const all = [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers];
  // A pod is limited only when each of its containers is.
  const bounded = (name: 'cpu' | 'memory') =>
    limitsOf(pod.spec!.resources)[name] !== undefined || all.every(({ resources }) => limitsOf(resources)[name]);
  return {
    cpuShares: cpuShares(cpuMilli),
    cpuPeriodMicroseconds: 100_000,
    cpuQuotaMicroseconds: bounded('cpu') ? cpuQuota(limits.cpuMilli) : -1,
    memoryLimitBytes: bounded('memory') ? limits.memoryBytes : -1,
    processesMax: pidsPerPod,
  };
}
