import { quantityMilli, quantityValue } from '../foundation/quantity.ts';
import type { Container, Pod, ResourceRequirements } from './schema/types.d.ts';

/** Amounts of everything countable: thousandths of a core, bytes, pods, and extended resources by name. */
export type Amounts = {
  cpuMilli: number;
  memoryBytes: number;
  ephemeralBytes: number;
  pods: number;
  extended: Map<string, number> | undefined;
};

export const nothing = (): Amounts => ({
  cpuMilli: 0,
  memoryBytes: 0,
  ephemeralBytes: 0,
  pods: 0,
  extended: undefined,
});

/** Adds in place; `factor` -1 takes away. */
export function add(sum: Amounts, amounts: Amounts, factor: 1 | -1 = 1): void {
  sum.cpuMilli += factor * amounts.cpuMilli;
  sum.memoryBytes += factor * amounts.memoryBytes;
  sum.ephemeralBytes += factor * amounts.ephemeralBytes;
  sum.pods += factor * amounts.pods;
  if (amounts.extended === undefined) return;
  sum.extended ??= new Map();
  for (const [name, amount] of amounts.extended)
    sum.extended.set(name, (sum.extended.get(name) ?? 0) + factor * amount);
}

/** Raises each amount of `most` to that of `amounts`, in place. */
function raise(most: Amounts, amounts: Amounts): void {
  most.cpuMilli = Math.max(most.cpuMilli, amounts.cpuMilli);
  most.memoryBytes = Math.max(most.memoryBytes, amounts.memoryBytes);
  most.ephemeralBytes = Math.max(most.ephemeralBytes, amounts.ephemeralBytes);
  for (const [name, amount] of amounts.extended ?? []) {
    most.extended ??= new Map();
    most.extended.set(name, Math.max(most.extended.get(name) ?? 0, amount));
  }
}

export function parseAmounts(list: Record<string, string> | undefined): Amounts {
  const amounts = nothing();
  for (const name in list) {
    if (name === 'cpu') amounts.cpuMilli = quantityMilli(list[name]);
    else if (name === 'memory') amounts.memoryBytes = quantityValue(list[name]);
    else if (name === 'ephemeral-storage') amounts.ephemeralBytes = quantityValue(list[name]);
    else if (name === 'pods') amounts.pods = quantityValue(list[name]);
    else {
      amounts.extended ??= new Map();
      amounts.extended.set(name, quantityValue(list[name]));
    }
  }
  return amounts;
}

/** What a container or pod states, by resource name. */
type Stated = (resources: ResourceRequirements | undefined) => Record<string, string>;

/** A limit without a request is a request too (core/v1 defaulting; static pods do not pass the API's). */
export const requestsOf: Stated = (resources) => ({ ...resources?.limits, ...resources?.requests });
export const limitsOf: Stated = (resources) => resources?.limits ?? {};

/** Keeps running beside the main containers: an init container that is restarted always. */
export const isSidecar = ({ restartPolicy }: { restartPolicy?: string }): boolean => restartPolicy === 'Always';

/**
 * What a pod needs (`requestsOf`) or may use (`limitsOf`) at once: containers and sidecars together, or the largest
 * moment of its init phase, or what is stated for the whole pod; plus overhead. Source:
 * k8s.io/component-helpers/resource/helpers.go, PodRequests.
 */
export const podAmounts = (pod: Pod, statedBy: Stated): Amounts =>
  sumOf(pod, statedBy, ({ resources }) => parseAmounts(statedBy(resources)));

/**
 * What a pod on a node holds of it, also while it is resized: of each container the most of what it asks for, was
 * granted and has, so that nobody takes the room that it grows into or has not left yet. What it asks for does not count
 * when its node can never give it (KEP-1287). Source: k8s.io/component-helpers/resource/helpers.go.
 */
export function requestsHeld(pod: Pod): Amounts {
  const { containerStatuses = [], initContainerStatuses = [], conditions = [] } = pod.status ?? {};
  // One whose spec has never changed was never resized.
  if (pod.metadata.generation === 1) return podAmounts(pod, requestsOf);
  const isInfeasible = conditions.some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible');
  const once = new Set((pod.spec?.initContainers ?? []).filter((container) => !isSidecar(container)));
  return sumOf(pod, requestsOf, (container) => {
    const asked = parseAmounts(requestsOf(container.resources));
    const status = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container.name);
    if (status?.resources === undefined || once.has(container)) return asked;
    const held = isInfeasible ? nothing() : asked;
    raise(held, parseAmounts(requestsOf(status.resources)));
    raise(held, parseAmounts(status.allocatedResources));
    return held;
  });
}

function sumOf({ spec }: Pod, statedBy: Stated, amountsOf: (container: Container) => Amounts): Amounts {
  const sum = nothing();
  const peak = nothing();
  const sidecars = nothing();
  for (const container of spec?.initContainers ?? []) {
    const moment = amountsOf(container);
    if (isSidecar(container)) add(sidecars, moment);
    else add(moment, sidecars);
    raise(peak, isSidecar(container) ? sidecars : moment);
  }
  add(sum, sidecars);
  for (const container of spec?.containers ?? []) add(sum, amountsOf(container));
  raise(sum, peak);
  if (spec?.resources) takeWhole(sum, statedBy(spec.resources));
  if (spec?.overhead) add(sum, parseAmounts(spec.overhead));
  sum.pods = 1;
  return sum;
}

/** What is stated of the whole pod is in place of what its containers have together. */
function takeWhole(sum: Amounts, list: Record<string, string>): void {
  const whole = parseAmounts(list);
  if ('cpu' in list) sum.cpuMilli = whole.cpuMilli;
  if ('memory' in list) sum.memoryBytes = whole.memoryBytes;
  for (const [name, amount] of whole.extended ?? [])
    if (name.startsWith('hugepages-')) {
      sum.extended ??= new Map();
      sum.extended.set(name, amount);
    }
}
