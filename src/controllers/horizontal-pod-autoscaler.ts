import type { KubernetesObject } from '../api/object.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
  Pod,
} from '../api/schema/types.d.ts';
import { formatTime } from '../foundation/clock.ts';
import { type Condition, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { selected } from '../reconcile/selected.ts';
import { writeStatus } from '../reconcile/status.ts';
import { type Measured, type Past, replicasFor, restrained, toleranceOf } from './autoscale.ts';
import { currentOf, readUsage, targetOf, usageOf } from './pod-metrics.ts';

const autoscalers = 'horizontalpodautoscalers.autoscaling';
const measuredEveryMs = 15_000;
const targets: Record<string, string> = {
  Deployment: 'deployments.apps',
  ReplicaSet: 'replicasets.apps',
  StatefulSet: 'statefulsets.apps',
};

/**
 * Sizes workloads by what their pods, or one container of each, use. Only cpu and memory are measured here: other metrics
 * are said to be missing.
 */
export function horizontalPodAutoscaler(): Controller {
  const pasts = new Map<string, Past>();
  return {
    name: 'horizontal-pod-autoscaler',
    reconciles: autoscalers,
    reads: ['pods', ...Object.values(targets)],
    writes: {
      [`${autoscalers}/status`]: ['update'],
      ...Object.fromEntries(Object.values(targets).map((resource) => [`${resource}/scale`, ['patch']])),
    },
    grants: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] }],

    async reconcile({ namespace, name }, context): Promise<Result> {
      const id = `${namespace}/${name}`;
      const autoscaler = context.cache<HorizontalPodAutoscaler>(autoscalers).get(namespace, name);
      if (autoscaler === undefined || isDeleting(autoscaler)) {
        pasts.delete(id);
        return undefined;
      }
      const past = pasts.get(id) ?? { recommendations: [], changes: [] };
      pasts.set(id, past);
      await scale(context, autoscaler, past);
      return { requeueAfterMs: measuredEveryMs };
    },
  };
}

type Say = (type: string, status: string, reason: string, message: string) => void;

async function scale(context: ControllerContext, autoscaler: HorizontalPodAutoscaler, past: Past): Promise<void> {
  const nowMs = context.clock.now();
  const { namespace } = autoscaler.metadata;
  const { kind, name } = autoscaler.spec.scaleTargetRef;
  let conditions = autoscaler.status?.conditions as Condition[] | undefined;
  const say: Say = (type, status, reason, message) => {
    conditions = withCondition(conditions, { type, status, reason, message }, nowMs);
  };
  const save = (status: Partial<HorizontalPodAutoscalerStatus>) =>
    writeStatus(context, autoscalers, autoscaler, {
      desiredReplicas: 0,
      ...autoscaler.status,
      observedGeneration: autoscaler.metadata.generation,
      ...status,
      conditions,
    });
  const resource = targets[kind];
  const target = resource ? context.cache(resource).get(namespace!, name) : undefined;
  if (resource === undefined || target === undefined) {
    say('AbleToScale', 'False', 'FailedGetScale', `${kind} ${name} was not found or cannot be scaled`);
    return void (await save({}));
  }
  say('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale");
  const current: number = target['spec'].replicas ?? 1;
  if (current === 0) {
    const why = 'scaling is disabled since the replica count of the target is zero';
    say('ScalingActive', 'False', 'ScalingDisabled', why);
    return void (await save({ currentReplicas: 0, desiredReplicas: 0 }));
  }
  const resize = async (wanted: number, why: string): Promise<string> => {
    await setSize(context, autoscaler, resource, wanted, why);
    past.changes.push({ atMs: nowMs, by: wanted - current });
    return formatTime(nowMs);
  };
  const { minReplicas = 1, maxReplicas } = autoscaler.spec;
  const bounded = Math.min(maxReplicas, Math.max(minReplicas, current));
  if (bounded !== current) {
    const lastScaleTime = await resize(bounded, `${current} replicas are outside of the bounds`);
    return void (await save({ currentReplicas: current, desiredReplicas: bounded, lastScaleTime }));
  }
  const { measured, currentMetrics } = await measure(context, autoscaler, target, current, say);
  if (measured.length === 0) return void (await save({ currentReplicas: current, currentMetrics }));
  const recommended = Math.max(...measured.map(({ replicas }) => replicas));
  const wanted = restrained(autoscaler, recommended, current, past, nowMs);
  const isLimited = recommended > maxReplicas || recommended < minReplicas;
  if (isLimited) say('ScalingLimited', 'True', 'TooManyOrFewReplicas', 'the recommendation is outside of the bounds');
  else say('ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range');
  const lastScaleTime =
    wanted === current ? autoscaler.status?.lastScaleTime : await resize(wanted, `use of ${kind} ${name}`);
  await save({ currentReplicas: current, desiredReplicas: wanted, currentMetrics, lastScaleTime });
}

async function setSize(
  { client, event }: ControllerContext,
  autoscaler: HorizontalPodAutoscaler,
  resource: string,
  replicas: number,
  why: string,
): Promise<void> {
  const { namespace } = autoscaler.metadata;
  const { name } = autoscaler.spec.scaleTargetRef;
  const patch = { type: 'merge' as const, body: { spec: { replicas } } };
  await client.patch(resource, { namespace, name }, patch, { subresource: 'scale' });
  event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${why}`);
}

async function measure(
  context: ControllerContext,
  autoscaler: HorizontalPodAutoscaler,
  target: KubernetesObject,
  current: number,
  say: Say,
) {
  const { metadata, spec } = autoscaler;
  const pods = selected(context.cache<Pod>('pods'), metadata.namespace!, target['spec'].selector);
  const measured: Measured[] = [];
  const currentMetrics: MetricStatus[] = [];
  let failed = '';
  const found = await readUsage(context, metadata.namespace!);
  for (const metric of spec.metrics ?? []) {
    const wanted = targetOf(metric);
    const usage = wanted && found && usageOf(found, wanted);
    const result = wanted && usage ? replicasFor(pods, usage, wanted, current, toleranceOf(autoscaler)) : undefined;
    if (wanted === undefined) failed = `metrics of type ${metric.type} are not measured in this cluster`;
    else if (result === undefined)
      failed = `no use of ${wanted.resource} is known of pods whose containers all request it`;
    else {
      measured.push(result);
      currentMetrics.push(currentOf(wanted, result));
    }
  }
  // With a metric unknown, growing may still be right; shrinking is not.
  const grows = measured.some(({ replicas }) => replicas > current);
  if (failed && !grows) {
    say('ScalingActive', 'False', 'FailedGetResourceMetric', failed);
    return { measured: [], currentMetrics };
  }
  say('ScalingActive', 'True', 'ValidMetricFound', 'the HPA was able to compute the replica count from use');
  return { measured, currentMetrics };
}
