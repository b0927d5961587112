import type { MetricSpec, MetricStatus } from '../api/schema/types.d.ts';
import { quantityMilli } from '../foundation/quantity.ts';
import type { ControllerContext } from '../reconcile/controller.ts';
import type { Measured, Target, Usage } from './autoscale.ts';

/** What a metric asks for; undefined when it is not measured here. */
export function targetOf({ type, resource, containerResource }: MetricSpec): Target | undefined {
  const asked = type === 'Resource' ? resource : type === 'ContainerResource' ? containerResource : undefined;
  if (asked === undefined || !['cpu', 'memory'].includes(asked.name)) return undefined;
  const { averageUtilization, averageValue } = asked.target;
  const what = { resource: asked.name, container: containerResource?.container };
  if (averageUtilization !== undefined) return { ...what, averageUtilization };
  return averageValue ? { ...what, averageMilli: quantityMilli(averageValue) } : undefined;
}

/** What was measured, as the status tells it. */
export function currentOf(
  { resource: name, container }: Target,
  { averageMilli, utilization }: Measured,
): MetricStatus {
  const averageValue = name === 'memory' ? `${Math.round(averageMilli / 1000)}` : `${averageMilli}m`;
  const current = { averageValue, averageUtilization: utilization };
  return container === undefined
    ? { type: 'Resource', resource: { name, current } }
    : { type: 'ContainerResource', containerResource: { name, container, current } };
}

type PodMetrics = { metadata: { name: string }; containers?: { name: string; usage?: Record<string, string> }[] };

/** Undefined when nothing measures here. */
export async function readUsage({ client }: ControllerContext, namespace: string): Promise<PodMetrics[] | undefined> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const { code, body } = await client.raw('GET', path);
  return code === 200 ? (body.items ?? []) : undefined;
}

/** Of pods that have the container, if one is meant. */
export function usageOf(found: PodMetrics[], { resource, container }: Target): Usage {
  const usage = new Map<string, number>();
  for (const { metadata, containers = [] } of found) {
    const meant = containers.filter(({ name }) => container === undefined || name === container);
    const milli = meant.reduce((sum, one) => sum + quantityMilli(one.usage?.[resource]), 0);
    if (meant.length > 0) usage.set(metadata.name, milli);
  }
  return usage;
}
