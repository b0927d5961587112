import { nodeSelectorMatches } from '../api/node-selector.ts';
import type { DaemonSet, Node, Pod, PodTemplateSpec, Toleration } from '../api/schema/types.d.ts';
import { matchesLabels } from '../api/selectors.ts';
import { toleratesTaint } from '../api/tolerations.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { intOrPercent } from './int-or-percent.ts';
import { isAvailable, isFinished } from './pods.ts';
import { revisionHashLabel } from './revisions.ts';

const forever = (key: string, effect: string): Toleration => ({ key, operator: 'Exists', effect });
/** A daemon belongs to its node in good times and bad. */
const daemonTolerations = [
  forever('node.kubernetes.io/not-ready', 'NoExecute'),
  forever('node.kubernetes.io/unreachable', 'NoExecute'),
  forever('node.kubernetes.io/disk-pressure', 'NoSchedule'),
  forever('node.kubernetes.io/memory-pressure', 'NoSchedule'),
  forever('node.kubernetes.io/pid-pressure', 'NoSchedule'),
  forever('node.kubernetes.io/unschedulable', 'NoSchedule'),
];

export function tolerationsOf({ spec }: PodTemplateSpec): Toleration[] {
  const network = spec?.hostNetwork ? [forever('node.kubernetes.io/network-unavailable', 'NoSchedule')] : [];
  return [...(spec?.tolerations ?? []), ...daemonTolerations, ...network];
}

/** `run`: a pod belongs there. `keep`: one that is there may stay. */
export function belongsOn(template: PodTemplateSpec, node: Node): { run: boolean; keep: boolean } {
  const { nodeName, nodeSelector, affinity } = template.spec ?? {};
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const placed =
    (!nodeName || nodeName === node.metadata.name) &&
    matchesLabels(nodeSelector, node.metadata.labels) &&
    (!required || nodeSelectorMatches(required, node));
  if (!placed) return { run: false, keep: false };
  const tolerations = tolerationsOf(template);
  const untolerated = (node.spec?.taints ?? []).filter(
    (taint) =>
      taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => toleratesTaint(toleration, taint)),
  );
  return { run: untolerated.length === 0, keep: untolerated.every(({ effect }) => effect !== 'NoExecute') };
}

/** Where a daemon pod is, or is meant to be before it is bound. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.[0]?.matchFields?.find(({ key }) => key === 'metadata.name')?.values?.[0];
}

export const podsByNode = (pods: Pod[]): Map<string, Pod[]> => Map.groupBy(pods, (pod) => nodeOf(pod) ?? '');

export type DaemonPlan = { create: string[]; remove: Pod[]; failed: Pod[] };

/**
 * Which nodes get a pod and which pods go: those on nodes where they do not belong, those that ended, doubles, and by a
 * rolling update old ones, as many at a time as may be unavailable. With a surge the new pod comes before the old goes.
 */
export function planDaemonSet(set: DaemonSet, nodes: Node[], pods: Pod[], hash: string, nowMs: number): DaemonPlan {
  const plan: DaemonPlan = { create: [], remove: [], failed: [] };
  const byNode = podsByNode(pods);
  const { template, updateStrategy, minReadySeconds = 0 } = set.spec!;
  const isNew = (pod: Pod) => pod.metadata.labels?.[revisionHashLabel] === hash;
  const available = (pod: Pod) => !isDeleting(pod) && isAvailable(pod, minReadySeconds, nowMs);
  const wanted = nodes.filter((node) => belongsOn(template, node).run);
  const rolling = updateStrategy?.type !== 'OnDelete';
  const surge = rolling ? intOrPercent(updateStrategy?.rollingUpdate?.maxSurge ?? 0, wanted.length, true) : 0;
  const kept = new Map<string, Pod[]>();

  for (const node of nodes) {
    const { name } = node.metadata;
    const all = byNode.get(name) ?? [];
    byNode.delete(name);
    const { run, keep } = belongsOn(template, node);
    if (!keep) {
      plan.remove.push(...all);
      continue;
    }
    plan.failed.push(...all.filter((pod) => isFinished(pod)));
    kept.set(
      name,
      all.filter((pod) => !isFinished(pod)),
    );
    // A finalizer may keep one that has ended for long.
    if (run && all.every((pod) => isFinished(pod) && isDeleting(pod))) plan.create.push(name);
  }
  // What is left is on nodes that are no more.
  plan.remove.push(...[...byNode.values()].flat());

  const running = [...kept].map(([name, alive]) => {
    const staying = alive.filter((pod) => !isDeleting(pod)).sort(byAge);
    return { name, fresh: staying.filter(isNew), old: staying.filter((pod) => !isNew(pod)) };
  });
  let surging = running.filter(({ fresh, old }) => fresh.length > 0 && old.length > 0).length;
  const mayRun = new Set(wanted.map(({ metadata }) => metadata.name));
  const olds: Pod[] = [];
  for (const { name, fresh, old } of running) {
    plan.remove.push(...fresh.slice(1), ...old.slice(1));
    if (old.length === 0) continue;
    if (surge === 0) {
      if (fresh.length > 0) plan.remove.push(old[0]!);
      else olds.push(old[0]!);
    } else if (fresh.length > 0) {
      if (available(fresh[0]!) || !available(old[0]!)) plan.remove.push(old[0]!);
    } else if (surging < surge && mayRun.has(name)) {
      surging++;
      plan.create.push(name);
    }
  }
  if (rolling && surge === 0) plan.remove.push(...replaced(set, wanted, kept, olds, available));
  plan.remove = plan.remove.filter((pod) => !isDeleting(pod));
  return plan;
}

function replaced(
  set: DaemonSet,
  wanted: Node[],
  kept: Map<string, Pod[]>,
  olds: Pod[],
  available: (pod: Pod) => boolean,
) {
  const { maxUnavailable = 1 } = set.spec!.updateStrategy?.rollingUpdate ?? {};
  const allowed = Math.max(1, intOrPercent(maxUnavailable, wanted.length, true));
  const down = wanted.filter((node) => !(kept.get(node.metadata.name) ?? []).some(available)).length;
  const broken = olds.filter((pod) => !available(pod));
  const working = olds.filter(available);
  return [...broken, ...working.slice(0, Math.max(0, allowed - down))];
}

const byAge = (a: Pod, b: Pod) =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  a.metadata.name.localeCompare(b.metadata.name);
