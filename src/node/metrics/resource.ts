import type { PodReading, Reader, Reading } from '../stats/read.ts';
import { counter, type Family, gauge, metricsText, type Sample } from './text.ts';

/**
 * `/metrics/resource`: what metrics-server and autoscalers read. Source: kubernetes/kubernetes
 * pkg/kubelet/metrics/collectors/resource_metrics.go.
 */
export async function resourceMetrics(reader: Reader): Promise<string> {
  try {
    return metricsText([...usage(reader.node(), await reader.pods()), ...scrapeError(0)]);
  } catch {
    return metricsText(scrapeError(1));
  }
}

function usage(node: Reading, pods: PodReading[]): Family[] {
  const seconds = ({ cpuNanoseconds }: Reading) => cpuNanoseconds / 1e9;
  const workingSet = ({ workingSetBytes }: Reading) => workingSetBytes;
  const ofNode = (pick: (reading: Reading) => number): Sample[] => [{ value: pick(node), atMs: node.atMs }];
  const ofPods = (pick: (reading: Reading) => number): Sample[] =>
    pods.map(({ pod, reading }) => ({ labels: podLabels(pod), value: pick(reading), atMs: reading.atMs }));
  const all = pods.flatMap(({ pod, containers }) =>
    containers.map(({ container, reading }) => {
      const labels = { container: container.name, ...podLabels(pod) };
      return { labels, reading, startedAtMs: container.startedAtMs };
    }),
  );
  const ofContainers = (pick: (reading: Reading) => number): Sample[] =>
    all.map(({ labels, reading }) => ({ labels, value: pick(reading), atMs: reading.atMs }));
  const time = 'Cumulative processor time in core-seconds, of';
  const memory = 'Memory that cannot be taken back at once in bytes, of';
  return [
    counter('node_cpu_usage_seconds_total', `${time} the node`, ofNode(seconds)),
    gauge('node_memory_working_set_bytes', `${memory} the node`, ofNode(workingSet)),
    counter('container_cpu_usage_seconds_total', `${time} the container`, ofContainers(seconds)),
    gauge('container_memory_working_set_bytes', `${memory} the container`, ofContainers(workingSet)),
    gauge(
      'container_start_time_seconds',
      'When the container started, in seconds since 1970',
      all.map(({ labels, startedAtMs }) => ({ labels, value: startedAtMs / 1000 })),
    ),
    counter('pod_cpu_usage_seconds_total', `${time} the pod`, ofPods(seconds)),
    gauge('pod_memory_working_set_bytes', `${memory} the pod`, ofPods(workingSet)),
  ];
}

/** Both names are looked for: the second is the newer one. */
const scrapeError = (value: 0 | 1): Family[] =>
  ['scrape_error', 'resource_scrape_error'].map((name) =>
    gauge(name, '1 if the containers could not be read, otherwise 0', [{ value }]),
  );

const podLabels = ({ metadata }: PodReading['pod']) => ({ namespace: metadata.namespace!, pod: metadata.name });
