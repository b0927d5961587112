import { type CadvisorOptions, cadvisorMetrics } from './cadvisor.ts';
import { type KubeletMetricsOptions, kubeletMetrics } from './kubelet.ts';
import { resourceMetrics } from './resource.ts';

/** The node's pages for Prometheus and metrics-server, in Prometheus' text format. */
export type Metrics = { kubelet(): Promise<string>; cadvisor(): Promise<string>; resource(): Promise<string> };

export const createMetrics = (options: CadvisorOptions & KubeletMetricsOptions): Metrics => ({
  kubelet: () => kubeletMetrics(options),
  cadvisor: () => cadvisorMetrics(options),
  resource: () => resourceMetrics(options.reader),
});
