import { type LabelSelector, matchesSelector } from '../api/selectors.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { check, type NoPlacement } from './schedule.ts';
import { type Snapshot, without } from './snapshot.ts';

/** What a PodDisruptionBudget still allows. */
export type Budget = { namespace: string; selector: LabelSelector | undefined; allowed: number };
export type Preemption = {
  node: NodeInfo;
  victims: PodInfo[] /** Budgets that would be broken. */;
  violations: number;
};
/** `reasons`: how many nodes there is no help on, and why. */
export type NoPreemption = { node: undefined; reasons: Map<string, number>; why?: string };

/** Enough to choose from: in large clusters upstream looks at a tenth of the nodes. */
const candidatesMax = 100;
const notHelpful = 'Preemption is not helpful for scheduling';
const noVictims = 'No preemption victims found for incoming pod';

/**
 * Which pods of lower priority would have to leave, and where? As few and as unimportant ones as possible: the order
 * of preferences is that of upstream (pkg/scheduler/framework/preemption/preemption.go, pickOneNodeForPreemption).
 */
export function preempt(
  pod: PodInfo,
  snapshot: Snapshot,
  { verdicts }: NoPlacement,
  budgets: Budget[],
): Preemption | NoPreemption {
  if (pod.pod.spec?.preemptionPolicy === 'Never')
    return { node: undefined, reasons: new Map(), why: 'not eligible due to preemptionPolicy=Never.' };
  if (waitsForVictims(pod, snapshot)) {
    const why = 'not eligible due to a terminating pod on the nominated node.';
    return { node: undefined, reasons: new Map(), why };
  }
  const reasons = new Map<string, number>();
  const count = (reason: string, nodes = 1) => reasons.set(reason, (reasons.get(reason) ?? 0) + nodes);
  const nodes = verdicts.filter(({ refusals }) => refusals.every(({ resolvable }) => resolvable));
  count(notHelpful, snapshot.nodes.length - nodes.length);
  const candidates: Preemption[] = [];
  for (const { node } of nodes) {
    if (candidates.length >= candidatesMax) break;
    const found = victimsOn(node, pod, snapshot, budgets);
    if (typeof found === 'string') count(found);
    else candidates.push(found);
  }
  if (candidates.length > 0) return candidates.reduce((one, other) => (compare(other, one) < 0 ? other : one));
  if (reasons.get(notHelpful) === 0) reasons.delete(notHelpful);
  return { node: undefined, reasons };
}

/**
 * Victims that were asked to leave need time: asking others meanwhile would evict too many. The promise counts from when it
 * was made: the pod's own status says so only when that is written.
 */
function waitsForVictims(pod: PodInfo, snapshot: Snapshot): boolean {
  const node = snapshot.node(snapshot.nominatedNode(pod.uid) ?? '');
  if (node === undefined) return false;
  for (const other of node.pods.values())
    if (other.priority < pod.priority && other.pod.metadata.deletionTimestamp) return true;
  return false;
}

/** All lower pods are taken away, and as many as possible are let back in, the most important ones first. */
function victimsOn(node: NodeInfo, pod: PodInfo, snapshot: Snapshot, budgets: Budget[]): Preemption | string {
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return noVictims;
  const fitsWithout = (gone: Set<PodInfo>) => {
    const changed = without(snapshot, node, gone);
    return check(pod, changed.node, changed.snapshot) === undefined;
  };
  const gone = new Set(lower);
  if (!fitsWithout(gone)) return notHelpful;
  const { violating, others } = splitByBudget(lower.sort(byImportance), budgets);
  let violations = 0;
  for (const candidate of [...violating, ...others]) {
    gone.delete(candidate);
    if (fitsWithout(gone)) continue;
    gone.add(candidate);
    if (violating.includes(candidate)) violations++;
  }
  return { node, victims: lower.filter((victim) => gone.has(victim)), violations };
}

const startedMs = ({ pod }: PodInfo) => Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '') || 0;

/** Higher priority first, and of equals the one that has run longer. */
const byImportance = (one: PodInfo, other: PodInfo) =>
  other.priority - one.priority || startedMs(one) - startedMs(other);

/** Each pod takes from the budgets that mean it, until one has nothing left. */
function splitByBudget(pods: PodInfo[], budgets: Budget[]): { violating: PodInfo[]; others: PodInfo[] } {
  const left = budgets.map(({ allowed }) => allowed);
  const [violating, others]: [PodInfo[], PodInfo[]] = [[], []];
  for (const pod of pods) {
    let breaks = false;
    for (const [index, { namespace, selector }] of budgets.entries())
      if (namespace === pod.namespace && matchesSelector(selector, pod.labels)) breaks = left[index]!-- <= 0 || breaks;
    (breaks ? violating : others).push(pod);
  }
  return { violating, others };
}

function compare(one: Preemption, other: Preemption): number {
  const highest = ({ victims }: Preemption) =>
    victims.reduce((most, { priority }) => Math.max(most, priority), -Infinity);
  const sum = ({ victims }: Preemption) => victims.reduce((total, { priority }) => total + priority + 2 ** 31, 0);
  const earliest = (it: Preemption) =>
    Math.min(...it.victims.filter(({ priority }) => priority === highest(it)).map(startedMs));
  if (one.victims.length === 0 || other.victims.length === 0) return one.victims.length - other.victims.length;
  return (
    one.violations - other.violations ||
    highest(one) - highest(other) ||
    sum(one) - sum(other) ||
    one.victims.length - other.victims.length ||
    earliest(other) - earliest(one)
  );
}
