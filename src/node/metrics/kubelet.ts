import { statfs } from 'node:fs/promises';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Container } from '../runtimes/runtime.ts';
import { counter, type Family, gauge, metricsText } from './text.ts';

/** A claim that a running pod has mounted. */
export type MountedClaim = { namespace: string; claim: string; path: string };

export type KubeletMetricsOptions = {
  nodeName: string;
  version: string;
  running(): { pod: Pod; containers: Container[] }[];
  claims(): MountedClaim[];
};

/** `/metrics`: what runs, how full the volumes of claims are, and what the agent itself takes. */
export async function kubeletMetrics({ nodeName, version, running, claims }: KubeletMetricsOptions): Promise<string> {
  const active = running().filter(({ containers }) => containers.length > 0);
  const containers = active.reduce((sum, { containers }) => sum + containers.length, 0);
  return metricsText([
    gauge('kubernetes_build_info', 'The version of the agent', [{ labels: { git_version: version }, value: 1 }]),
    gauge('kubelet_node_name', 'The node’s name', [{ labels: { node: nodeName }, value: 1 }]),
    gauge('kubelet_running_pods', 'Pods with a running container', [{ value: active.length }]),
    gauge('kubelet_running_containers', 'Containers that run', [
      { labels: { container_state: 'running' }, value: containers },
    ]),
    ...(await volumeFamilies(claims())),
    ...processFamilies(),
  ]);
}

const volumeNames = [
  'capacity_bytes',
  'available_bytes',
  'used_bytes',
  'inodes',
  'inodes_free',
  'inodes_used',
] as const;

/** Of the file system that a volume lies on, as of local volumes elsewhere; once, however many pods have mounted it. */
async function volumeFamilies(claims: MountedClaim[]): Promise<Family[]> {
  const distinct = new Map(claims.map((mounted) => [`${mounted.namespace}/${mounted.claim}`, mounted]));
  const read = await Promise.all([...distinct.values()].map(volumeOf));
  const present = read.filter((volume) => volume !== undefined);
  return volumeNames.map((name) =>
    gauge(
      `kubelet_volume_stats_${name}`,
      `Of the volume of a claim: ${name.replaceAll('_', ' ')}`,
      present.map(({ labels, amounts }) => ({ labels, value: amounts[name] })),
    ),
  );
}

/** Undefined when it has been unmounted meanwhile. */
async function volumeOf({ namespace, claim, path }: MountedClaim) {
  const found = await statfs(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const { blocks, bfree, bavail, bsize, files, ffree } = found;
  const bytes = {
    capacity_bytes: blocks * bsize,
    available_bytes: bavail * bsize,
    used_bytes: (blocks - bfree) * bsize,
  };
  const amounts = { ...bytes, inodes: files, inodes_free: ffree, inodes_used: files - ffree };
  return { labels: { namespace, persistentvolumeclaim: claim }, amounts };
}

function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  const startedSeconds = Date.now() / 1000 - process.uptime();
  return [
    counter('process_cpu_seconds_total', 'Processor time of the agent in seconds', [{ value: (user + system) / 1e6 }]),
    gauge('process_resident_memory_bytes', 'Resident memory of the agent', [{ value: process.memoryUsage.rss() }]),
    gauge('process_start_time_seconds', 'When the agent started, in seconds since 1970', [{ value: startedSeconds }]),
  ];
}
