import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Target } from './request.ts';

/** Counters of the front door in Prometheus' text format, under upstream's names so that dashboards work. */
export type Metrics = {
  observe(target: Target | undefined, code: number, seconds: number): void;
  render(gauges: Gauge[]): string;
};

/** What can be read off: a gauge, unless it only grows. */
export type Gauge = { name: string; type?: 'counter'; help: string; values: [labels: string, value: number][] };

const bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, Number.POSITIVE_INFINITY];
/** What was counted of requests that have the same labels; `within` each of `bounds`, but not within the one before. */
type Series = { codes: Map<number, number>; count: number; sum: number; within: number[] };
/** Labels come from URLs: a client must not be able to make a series per request. */
const seriesMax = 5000;

export function createMetrics(): Metrics {
  const byLabels = new Map<string, Series>();
  /** A few dozen kinds of requests come again and again. */
  const byKind = new Map<string, Series>();
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();

  function seriesOf(target: Target | undefined): Series | undefined {
    const kind = kindOf(target);
    const known = byKind.get(kind);
    if (known !== undefined) return known;
    const labels = labelsOf(target);
    let series = byLabels.get(labels);
    if (series === undefined) {
      if (byLabels.size >= seriesMax) return undefined;
      series = { codes: new Map(), count: 0, sum: 0, within: bounds.map(() => 0) };
      byLabels.set(labels, series);
    }
    if (byKind.size < seriesMax && kind.length < 300) byKind.set(kind, series);
    return series;
  }

  function observe(target: Target | undefined, code: number, seconds: number): void {
    const series = seriesOf(target);
    if (series === undefined) return;
    series.codes.set(code, (series.codes.get(code) ?? 0) + 1);
    if (target?.verb === 'watch' || target?.verb === 'connect') return;
    series.count++;
    series.sum += seconds;
    let index = 0;
    while (seconds > bounds[index]!) index++;
    series.within[index]!++;
  }

  function render(gauges: Gauge[]): string {
    const lines: string[] = [];
    const head = (name: string, type: string, help: string) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    head('apiserver_request_total', 'counter', 'Requests by verb, resource and code.');
    for (const [labels, { codes }] of byLabels)
      for (const [code, value] of codes) lines.push(`apiserver_request_total{${labels},code="${code}"} ${value}`);
    const name = 'apiserver_request_duration_seconds';
    head(name, 'histogram', 'How long requests took, in seconds.');
    for (const [labels, series] of byLabels) {
      if (series.count === 0) continue;
      let sum = 0;
      for (const [index, bound] of bounds.entries()) {
        sum += series.within[index]!;
        const text = bound === Number.POSITIVE_INFINITY ? '+Inf' : bound;
        lines.push(`${name}_bucket{${labels},le="${text}"} ${sum}`);
      }
      lines.push(`${name}_sum{${labels}} ${series.sum}`, `${name}_count{${labels}} ${series.count}`);
    }
    for (const gauge of [...gauges, ...processGauges(loop)]) {
      head(gauge.name, gauge.type ?? 'gauge', gauge.help);
      for (const [labels, value] of gauge.values)
        lines.push(labels === '' ? `${gauge.name} ${value}` : `${gauge.name}{${labels}} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
  return { observe, render };
}

function kindOf(target: Target | undefined): string {
  if (target === undefined || !target.isResource) return '';
  const { verb, group, version, resource, subresource } = target;
  return `${verb}/${group}/${version}/${resource}/${subresource}`;
}

function labelsOf(target: Target | undefined): string {
  if (target === undefined || !target.isResource) return 'verb="GET",group="",version="",resource="",subresource=""';
  const { verb, group, version, resource, subresource } = target;
  const text = (value: string) => value.replace(/[^\w.:/-]/g, '_').slice(0, 80);
  return `verb="${verb.toUpperCase()}",group="${text(group)}",version="${text(version)}",resource="${text(resource)}",subresource="${text(subresource)}"`;
}

function processGauges(loop: ReturnType<typeof monitorEventLoopDelay>): Gauge[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    { name: 'process_resident_memory_bytes', help: 'Resident memory.', values: [['', rss]] },
    { name: 'nodejs_heap_used_bytes', help: 'Used heap.', values: [['', heapUsed]] },
    {
      ...{ name: 'process_cpu_seconds_total', type: 'counter', help: 'User and system CPU time.' },
      values: [['', (user + system) / 1e6]],
    },
    {
      name: 'nodejs_eventloop_lag_seconds',
      help: 'How late the event loop ran.',
      values: [50, 99].map((percentile) => [`quantile="0.${percentile}"`, loop.percentile(percentile) / 1e9]),
    },
  ];
}
