import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Target } from './request.ts';

/** Counters of the front door in Prometheus' text format, under upstream's names so that dashboards work. */
export type Metrics = {
  observe(target: Target | undefined, code: number, seconds: number): void;
  render(gauges: Gauge[]): string;
};

export type Gauge = { name: string; help: string; values: [labels: string, value: number][] };

const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
type Series = { count: number; sum: number; buckets: number[] };
/** Labels come from URLs: a client must not be able to make a series per request. */
const seriesMax = 5000;

export function createMetrics(): Metrics {
  const totals = new Map<string, number>();
  const durations = new Map<string, Series>();
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();

  function observe(target: Target | undefined, code: number, seconds: number): void {
    const labels = labelsOf(target);
    const key = `${labels},code="${code}"`;
    if (totals.has(key) || totals.size < seriesMax) totals.set(key, (totals.get(key) ?? 0) + 1);
    if (target?.verb === 'watch' || target?.verb === 'connect') return;
    let series = durations.get(labels);
    if (series === undefined) {
      if (durations.size >= seriesMax) return;
      series = { count: 0, sum: 0, buckets: new Array(buckets.length).fill(0) };
      durations.set(labels, series);
    }
    series.count++;
    series.sum += seconds;
    for (let index = buckets.length - 1; index >= 0 && seconds <= buckets[index]!; index--) series.buckets[index]!++;
  }

  function render(gauges: Gauge[]): string {
    const lines: string[] = [];
    const head = (name: string, type: string, help: string) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    head('apiserver_request_total', 'counter', 'Requests by verb, resource and code.');
    for (const [labels, value] of totals) lines.push(`apiserver_request_total{${labels}} ${value}`);
    const name = 'apiserver_request_duration_seconds';
    head(name, 'histogram', 'How long requests took, in seconds.');
    for (const [labels, series] of durations) {
      for (const [index, bound] of buckets.entries())
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${series.buckets[index]}`);
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${series.count}`);
      lines.push(`${name}_sum{${labels}} ${series.sum}`, `${name}_count{${labels}} ${series.count}`);
    }
    for (const gauge of [...gauges, ...processGauges(loop)]) {
      head(gauge.name, 'gauge', gauge.help);
      for (const [labels, value] of gauge.values)
        lines.push(labels === '' ? `${gauge.name} ${value}` : `${gauge.name}{${labels}} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
  return { observe, render };
}

const pathLabels = 'verb="GET",group="",version="",resource="",subresource=""';
/** What was written for a kind of request: a few dozen come again and again. */
const written = new Map<string, string>();

function labelsOf(target: Target | undefined): string {
  if (target === undefined || !target.isResource) return pathLabels;
  const { verb, group, version, resource, subresource } = target;
  const key = `${verb}/${group}/${version}/${resource}/${subresource}`;
  let labels = written.get(key);
  if (labels === undefined) {
    labels = writeLabels(target);
    if (written.size < seriesMax && key.length < 300) written.set(key, labels);
  }
  return labels;
}

function writeLabels({ verb, group, version, resource, subresource }: Target): string {
  const text = (value: string) => value.replace(/[^\w.:/-]/g, '_').slice(0, 80);
  return `verb="${verb.toUpperCase()}",group="${text(group)}",version="${text(version)}",resource="${text(resource)}",subresource="${text(subresource)}"`;
}

function processGauges(loop: ReturnType<typeof monitorEventLoopDelay>): Gauge[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    { name: 'process_resident_memory_bytes', help: 'Resident memory.', values: [['', rss]] },
    { name: 'nodejs_heap_used_bytes', help: 'Used heap.', values: [['', heapUsed]] },
    { name: 'process_cpu_seconds_total', help: 'User and system CPU time.', values: [['', (user + system) / 1e6]] },
    {
      name: 'nodejs_eventloop_lag_seconds',
      help: 'How late the event loop ran.',
      values: [50, 99].map((percentile) => [`quantile="0.${percentile}"`, loop.percentile(percentile) / 1e9]),
    },
  ];
}
