import { readFile } from 'node:fs/promises';
import { limitsOf, parseAmounts } from '../../api/pod-resources.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Cgroups } from '../cgroups.ts';
import type { Machine } from '../machine.ts';
import type { PodReading, Reader, Reading } from '../stats/read.ts';
import { type InterfaceCounters, parseInterfaces } from './interfaces.ts';
import { counter, type Family, gauge, metricsText, type Sample } from './text.ts';

export type CadvisorOptions = {
  reader: Reader;
  cgroups: Pick<Cgroups, 'parentOf' | 'processIn'>;
  machine: Pick<Machine, 'cpuMilli' | 'memoryBytes'>;
};

/**
 * `/metrics/cadvisor`: of the many series of cAdvisor those that dashboards and alerts of Kubernetes are made of, under
 * its names and labels. Of a pod as a whole `container` is empty.
 * https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
 */
export async function cadvisorMetrics({ reader, cgroups, machine }: CadvisorOptions): Promise<string> {
  const pods = await reader.pods();
  const uses = pods.flatMap((read) => usesOf(read, cgroups.parentOf(read.pod)));
  const traffic = await Promise.all(pods.map((read) => trafficOf(read, cgroups)));
  return metricsText([
    ...usageFamilies(uses),
    limitFamily(pods, cgroups),
    ...trafficFamilies(traffic.flat()),
    gauge('machine_cpu_cores', 'Logical processors', [{ value: machine.cpuMilli / 1000 }]),
    gauge('machine_memory_bytes', 'Memory in bytes', [{ value: machine.memoryBytes }]),
  ]);
}

type Use = { labels: Record<string, string>; reading: Reading; startedAtMs?: number };

const labelsOf = ({ metadata }: Pod, id: string, container = '', image = '', name = '') => ({
  ...{ container, id, image, name, namespace: metadata.namespace!, pod: metadata.name },
});

function usesOf({ pod, reading, containers }: PodReading, parent: string): Use[] {
  return [
    { labels: labelsOf(pod, parent), reading },
    ...containers.map(({ container, reading }) => ({
      labels: labelsOf(pod, `${parent}/${container.id}`, container.name, container.image, container.id),
      ...{ reading, startedAtMs: container.startedAtMs },
    })),
  ];
}

function usageFamilies(uses: Use[]): Family[] {
  const read = (pick: (reading: Reading) => number, more: Record<string, string> = {}): Sample[] =>
    uses.map(({ labels, reading }) => ({ labels: { ...labels, ...more }, value: pick(reading), atMs: reading.atMs }));
  const starts = uses.flatMap(({ labels, startedAtMs }) =>
    startedAtMs === undefined ? [] : [{ labels, value: startedAtMs / 1000 }],
  );
  const seconds = read(({ cpuNanoseconds }) => cpuNanoseconds / 1e9, { cpu: 'total' });
  const workingSet = read(({ workingSetBytes }) => workingSetBytes);
  const memory = read(({ memoryBytes }) => memoryBytes);
  return [
    counter('container_cpu_usage_seconds_total', 'Cumulative processor time in core-seconds', seconds),
    gauge('container_memory_working_set_bytes', 'Memory that cannot be taken back at once', workingSet),
    gauge('container_memory_usage_bytes', 'Memory in use, with what the kernel could take back', memory),
    gauge('container_start_time_seconds', 'When the container started, in seconds since 1970', starts),
  ];
}

function limitFamily(pods: PodReading[], { parentOf }: CadvisorOptions['cgroups']): Family {
  const samples = pods.flatMap(({ pod, containers }) =>
    containers.map(({ container: { id, name, image } }): Sample => {
      const spec = [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers].find((each) => each.name === name);
      const labels = labelsOf(pod, `${parentOf(pod)}/${id}`, name, image, id);
      return { labels, value: parseAmounts(limitsOf(spec?.resources)).memoryBytes };
    }),
  );
  return gauge('container_spec_memory_limit_bytes', 'Memory limit in bytes, 0 without one', samples);
}

type Traffic = { labels: Record<string, string>; counters: InterfaceCounters };

/** Seen from inside the pod's network; of a pod on the node's network there is nothing that is its own. */
async function trafficOf({ pod, containers }: PodReading, cgroups: CadvisorOptions['cgroups']): Promise<Traffic[]> {
  const [first] = containers;
  if (pod.spec!.hostNetwork || first === undefined) return [];
  const process = await cgroups.processIn(pod, first.container.id);
  // One that ended meanwhile has no traffic.
  const text = process === undefined ? '' : await readFile(`/proc/${process}/net/dev`, 'utf8').catch(() => '');
  return parseInterfaces(text).map((counters) => ({
    labels: { ...labelsOf(pod, cgroups.parentOf(pod)), interface: counters.name },
    counters,
  }));
}

const directions = [
  ['received', 'receive'],
  ['sent', 'transmit'],
] as const;
const counts = [
  ['bytes', 'bytes'],
  ['packets', 'packets'],
  ['errors', 'errors'],
  ['dropped', 'packets_dropped'],
] as const;

function trafficFamilies(all: Traffic[]): Family[] {
  return directions.flatMap(([direction, verb]) =>
    counts.map(([count, name]) => {
      const samples = all.map(({ labels, counters }) => ({ labels, value: counters[direction][count] }));
      return counter(`container_network_${verb}_${name}_total`, `Of the pod: ${count} ${direction}`, samples);
    }),
  );
}
