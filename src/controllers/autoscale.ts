import { isSidecar } from '../api/pod-resources.ts';
import type { Container, HorizontalPodAutoscaler, HPAScalingRules, Pod } from '../api/schema/types.d.ts';
import { quantityMilli } from '../foundation/quantity.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { isFinished, isReady } from './pods.ts';

/** Thousandths of a resource that a pod uses, by pod name. */
export type Usage = ReadonlyMap<string, number>;
/** `container`: of this one alone, not of the whole pod. */
export type Target = { resource: string; container?: string; averageUtilization?: number; averageMilli?: number };
export type Measured = { replicas: number; averageMilli: number; utilization: number | undefined };

/** A difference of a tenth is noise, unless the autoscaler says how much is. */
const toleranceDefault = '0.1';

export type Tolerance = { up: number; down: number };
export function toleranceOf({ spec }: HorizontalPodAutoscaler): Tolerance {
  const part = (rules: HPAScalingRules | undefined) => quantityMilli(rules?.tolerance ?? toleranceDefault) / 1000;
  return { up: part(spec.behavior?.scaleUp), down: part(spec.behavior?.scaleDown) };
}

/**
 * How many pods would bring the average use to the target; undefined when nothing was measured, or the target is a share of
 * requests of which there are none. Pods that are not ready
 * or not measured are assumed to use nothing before the number grows, and all of their share before it shrinks.
 */
export function replicasFor(
  pods: Pod[],
  usage: Usage,
  target: Target,
  current: number,
  { up, down }: Tolerance,
): Measured | undefined {
  const alive = pods.filter((pod) => !isFinished(pod) && !isDeleting(pod));
  const measured = alive.filter((pod) => usage.has(pod.metadata.name) && isReady(pod));
  const isUnknown = target.averageUtilization !== undefined && alive.some((pod) => !requestsAll(pod, target));
  if (measured.length === 0 || isUnknown) return undefined;
  const wantedMilli = (pod: Pod) =>
    target.averageUtilization === undefined
      ? target.averageMilli!
      : (requestMilli(pod, target) * target.averageUtilization) / 100;
  const sum = (some: Pod[], value: (pod: Pod) => number) => some.reduce((total, pod) => total + value(pod), 0);
  const used = sum(measured, (pod) => usage.get(pod.metadata.name)!);
  const goal = sum(measured, wantedMilli);
  if (goal === 0) return undefined;
  const requested = sum(measured, (pod) => requestMilli(pod, target));
  const averageMilli = Math.round(used / measured.length);
  const utilization = target.averageUtilization === undefined ? undefined : Math.round((used / requested) * 100);
  const stay = { replicas: current, averageMilli, utilization };

  const isNoise = (ratio: number) => ratio <= 1 + up && ratio >= 1 - down;
  const ratio = used / goal;
  if (isNoise(ratio)) return stay;
  const others = alive.filter((pod) => !measured.includes(pod));
  const assumed = ratio > 1 ? 0 : sum(others, wantedMilli);
  const careful = (used + assumed) / (goal + sum(others, wantedMilli));
  if (isNoise(careful) || careful > 1 !== ratio > 1) return stay;
  // More or fewer pods than are wanted may be alive, as in a rollout: that is no reason to go the other way.
  const replicas = Math.ceil(careful * alive.length);
  return { ...stay, replicas: ratio > 1 ? Math.max(current, replicas) : Math.min(current, replicas) };
}

function containersOf({ spec }: Pod, { container }: Target): Container[] {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isSidecar)];
  return all.filter(({ name }) => container === undefined || name === container);
}

/** What the pod as a whole requests, where that is what is meant. */
const wholeRequest = ({ spec }: Pod, { resource, container }: Target): string | undefined =>
  container === undefined ? spec?.resources?.requests?.[resource] : undefined;

const requestsAll = (pod: Pod, target: Target): boolean =>
  wholeRequest(pod, target) !== undefined ||
  containersOf(pod, target).every(({ resources }) => resources?.requests?.[target.resource] !== undefined);

function requestMilli(pod: Pod, target: Target): number {
  const whole = wholeRequest(pod, target);
  if (whole !== undefined) return quantityMilli(whole);
  return containersOf(pod, target).reduce(
    (total, { resources }) => total + quantityMilli(resources?.requests?.[target.resource]),
    0,
  );
}

/** What was recommended and done before, per autoscaler. */
export type Past = {
  recommendations: { atMs: number; replicas: number }[];
  changes: { atMs: number; by: number }[];
};

const downWindowSeconds = 300;
const historyMs = 3600_000;
/** Four times as many as are measured in that time, if nobody keeps changing the autoscaler. */
export const rememberedMax = 960;
const latest = <T extends { atMs: number }>(list: T[], nowMs: number): T[] =>
  list.filter(({ atMs }) => nowMs - atMs <= historyMs).slice(-rememberedMax);
const upByDefault: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [
    { type: 'Percent', value: 100, periodSeconds: 15 },
    { type: 'Pods', value: 4, periodSeconds: 15 },
  ],
};
const downByDefault: HPAScalingRules = { policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

/** The recommendation within bounds: not below what was recommended lately, and no faster than the policies allow. */
export function restrained(
  { spec }: HorizontalPodAutoscaler,
  recommended: number,
  current: number,
  past: Past,
  nowMs: number,
): number {
  const { minReplicas = 1, maxReplicas, behavior } = spec;
  const up = { ...upByDefault, ...behavior?.scaleUp };
  const down = { ...downByDefault, ...behavior?.scaleDown };
  // What was before is not known: the size that there is may have been recommended.
  if (past.recommendations.length === 0) past.recommendations.push({ atMs: nowMs, replicas: current });
  past.recommendations.push({ atMs: nowMs, replicas: recommended });
  past.recommendations = latest(past.recommendations, nowMs);
  past.changes = latest(past.changes, nowMs);
  const within = (seconds: number) =>
    past.recommendations.filter(({ atMs }) => nowMs - atMs < seconds * 1000).map(({ replicas }) => replicas);
  const lowest = Math.min(...within(up.stabilizationWindowSeconds ?? 0), recommended);
  const highest = Math.max(...within(down.stabilizationWindowSeconds ?? downWindowSeconds), recommended);
  let wanted = current;
  if (lowest > current) wanted = Math.min(lowest, limit(up, current, past, nowMs, 1));
  else if (highest < current) wanted = Math.max(highest, limit(down, current, past, nowMs, -1));
  return Math.min(maxReplicas, Math.max(minReplicas, wanted));
}

function limit(rules: HPAScalingRules, current: number, past: Past, nowMs: number, direction: 1 | -1): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const recent = past.changes.filter(({ atMs, by }) => nowMs - atMs < periodSeconds * 1000 && by * direction > 0);
    const start = current - recent.reduce((sum, { by }) => sum + by, 0);
    if (type === 'Pods') return start + direction * value;
    return direction > 0 ? Math.ceil(start * (1 + value / 100)) : Math.floor(start * (1 - value / 100));
  });
  if (limits.length === 0) return current;
  // Max is the policy that changes most.
  const widest = direction > 0 ? Math.max(...limits) : Math.min(...limits);
  const narrowest = direction > 0 ? Math.min(...limits) : Math.max(...limits);
  const chosen = rules.selectPolicy === 'Min' ? narrowest : widest;
  return direction > 0 ? Math.max(current, chosen) : Math.min(current, Math.max(0, chosen));
}
