import { readFileSync, statfsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Pod } from '../api/schema/types.d.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Cgroups } from './cgroups.ts';
import { readPressure } from './machine.ts';
import type { Container, Runtime } from './runtimes/runtime.ts';

/** Use of processor and memory at one moment; `cpuNanoseconds` is cumulative, `cpuNanocores` the rate lately. */
export type Usage = {
  cpuNanoseconds: number;
  cpuNanocores: number;
  workingSetBytes: number;
  memoryBytes: number;
  atMs: number;
};
export type PodStats = { pod: Pod; usage: Usage; containers: { name: string; startedAtMs: number; usage: Usage }[] };
export type NodeStats = { usage: Usage; diskBytes: number; diskUsedBytes: number };

/** What `kubectl top` and the Summary API show. Read when asked: nothing is sampled in between. */
export type Stats = {
  podStats(): Promise<PodStats[]>;
  nodeStats(): Promise<NodeStats>;
  /** stats/v1alpha1 Summary, as `/stats/summary` of a kubelet. */
  summary(): Promise<object>;
  /** Prometheus text, as `/metrics/resource` of a kubelet. */
  resourceMetrics(): Promise<string>;
};

export type StatsOptions = {
  nodeName: string;
  clock: Clock;
  runtime: Runtime;
  cgroups: Cgroups;
  dataDirectory: string;
  /** The pods of this node with their running containers. */
  running(): { pod: Pod; containers: Container[] }[];
};

/** A rate needs two readings: an older one than this says nothing about now. */
const rateWindowMs = 120_000;
const firstRateMs = 500;
const samplesMax = 10_000;

type Reading = Omit<Usage, 'cpuNanocores'>;

export function createStats(options: StatsOptions): Stats {
  const { clock, runtime, cgroups, dataDirectory, nodeName } = options;
  const samples = new Map<string, Reading>();

  const isFresh = (key: string) => clock.now() - (samples.get(key)?.atMs ?? 0) < rateWindowMs;

  function rated(key: string, reading: Reading): Usage {
    const before = samples.get(key);
    if (before === undefined || reading.atMs - before.atMs >= 1000 || !isFresh(key)) samples.set(key, reading);
    if (samples.size > samplesMax) samples.delete(samples.keys().next().value!);
    const elapsedMs = reading.atMs - (before?.atMs ?? reading.atMs);
    const used = reading.cpuNanoseconds - (before?.cpuNanoseconds ?? 0);
    return { ...reading, cpuNanocores: elapsedMs > 0 ? Math.max(Math.round((used * 1000) / elapsedMs), 0) : 0 };
  }

  async function readContainers(): Promise<Map<string, Reading>> {
    const found = new Map<string, Reading>();
    const atMs = clock.now();
    for (const { pod, containers } of options.running())
      for (const { id } of containers) {
        const usage = await cgroups.usage(pod, id);
        if (usage) found.set(id, { ...usage, atMs });
      }
    if (found.size > 0) return found;
    for (const one of await runtime.stats())
      found.set(one.containerId, {
        ...{ cpuNanoseconds: one.cpuNanoseconds, workingSetBytes: one.memoryWorkingSetBytes },
        ...{ memoryBytes: one.memoryUsageBytes, atMs: one.timestampMs },
      });
    return found;
  }

  function readNode(): Reading {
    const memoryBytes = totalmem();
    const { memoryAvailableBytes } = readPressure(dataDirectory);
    const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
    // In ticks of 10 ms: USER_HZ is 100 on every architecture we run on.
    const cpuNanoseconds = (user + nice + system + irq + softirq + steal) * 10_000_000;
    return { cpuNanoseconds, workingSetBytes: memoryBytes - memoryAvailableBytes, memoryBytes, atMs: clock.now() };
  }

  /** The first time there is nothing to compare with: reads twice, half a second apart. */
  async function warmUp(): Promise<void> {
    if (isFresh('node')) return;
    for (const [id, reading] of await readContainers()) rated(id, reading);
    rated('node', readNode());
    await new Promise<void>((resolve) => clock.after(firstRateMs, resolve));
  }

  async function podStats(): Promise<PodStats[]> {
    await warmUp();
    const readings = await readContainers();
    return options.running().map(({ pod, containers }) => {
      const list = containers.flatMap(({ id, name, startedAtMs }) => {
        const reading = readings.get(id);
        return reading === undefined ? [] : [{ name, startedAtMs, usage: rated(id, reading) }];
      });
      return {
        pod,
        containers: list,
        usage: sum(
          list.map(({ usage }) => usage),
          clock.now(),
        ),
      };
    });
  }

  async function nodeStats(): Promise<NodeStats> {
    await warmUp();
    const { blocks, bfree, bsize } = statfsSync(dataDirectory);
    return { usage: rated('node', readNode()), diskBytes: blocks * bsize, diskUsedBytes: (blocks - bfree) * bsize };
  }

  return {
    podStats,
    nodeStats,
    async summary() {
      const pods = await podStats();
      const { usage, diskBytes, diskUsedBytes } = await nodeStats();
      const time = new Date(usage.atMs).toISOString();
      const fs = {
        time,
        capacityBytes: diskBytes,
        usedBytes: diskUsedBytes,
        availableBytes: diskBytes - diskUsedBytes,
      };
      return {
        node: { nodeName, startTime: bootTime(), ...resources(usage), fs },
        pods: pods.map(summaryOfPod),
      };
    },
    async resourceMetrics() {
      const pods = await podStats();
      const { usage } = await nodeStats();
      return metricsText(usage, pods);
    },
  };
}

function sum(usages: Usage[], atMs: number): Usage {
  const total = (key: keyof Usage) => usages.reduce((result, usage) => result + usage[key], 0);
  return {
    ...{ cpuNanoseconds: total('cpuNanoseconds'), cpuNanocores: total('cpuNanocores') },
    ...{ workingSetBytes: total('workingSetBytes'), memoryBytes: total('memoryBytes'), atMs },
  };
}

function resources({ cpuNanoseconds, cpuNanocores, workingSetBytes, memoryBytes, atMs }: Usage): object {
  const time = new Date(atMs).toISOString();
  return {
    cpu: { time, usageNanoCores: cpuNanocores, usageCoreNanoSeconds: cpuNanoseconds },
    memory: { time, usageBytes: memoryBytes, workingSetBytes },
  };
}

function summaryOfPod({ pod, usage, containers }: PodStats): object {
  const { name, namespace, uid } = pod.metadata;
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime,
    ...resources(usage),
    containers: containers.map(({ name, startedAtMs, usage }) => ({
      name,
      startTime: new Date(startedAtMs).toISOString(),
      ...resources(usage),
    })),
  };
}

const bootTime = () =>
  new Date(Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000).toISOString();

function metricsText(node: Usage, pods: PodStats[]): string {
  const lines: string[] = [];
  const family = (name: string, type: string, samples: [string, number, number][]) => {
    lines.push(`# TYPE ${name} ${type}`);
    for (const [labels, value, atMs] of samples) lines.push(`${name}${labels} ${value} ${atMs}`);
  };
  const ofPods = (pick: (usage: Usage) => number) =>
    pods.map(({ pod, usage }): [string, number, number] => {
      return [`{namespace="${pod.metadata.namespace}",pod="${pod.metadata.name}"}`, pick(usage), usage.atMs];
    });
  const ofContainers = (pick: (usage: Usage) => number) =>
    pods.flatMap(({ pod, containers }) =>
      containers.map(({ name, usage }): [string, number, number] => {
        const { namespace, name: podName } = pod.metadata;
        return [`{container="${name}",namespace="${namespace}",pod="${podName}"}`, pick(usage), usage.atMs];
      }),
    );
  const cpu = ({ cpuNanoseconds }: Usage) => cpuNanoseconds / 1e9;
  const memory = ({ workingSetBytes }: Usage) => workingSetBytes;
  family('node_cpu_usage_seconds_total', 'counter', [['', cpu(node), node.atMs]]);
  family('node_memory_working_set_bytes', 'gauge', [['', memory(node), node.atMs]]);
  family('pod_cpu_usage_seconds_total', 'counter', ofPods(cpu));
  family('pod_memory_working_set_bytes', 'gauge', ofPods(memory));
  family('container_cpu_usage_seconds_total', 'counter', ofContainers(cpu));
  family('container_memory_working_set_bytes', 'gauge', ofContainers(memory));
  family('machine_cpu_cores', 'gauge', [['', cpus().length, node.atMs]]);
  return `${lines.join('\n')}\n`;
}
