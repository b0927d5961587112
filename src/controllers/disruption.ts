import type { KubernetesObject } from '../api/object.ts';
import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../api/schema/types.d.ts';
import { type Condition, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { controllerOf, isDeleting, keyOf, selects } from '../reconcile/owned.ts';
import { selected } from '../reconcile/selected.ts';
import { writeStatus } from '../reconcile/status.ts';
import { intOrPercent } from './int-or-percent.ts';
import { isFinished, isReady } from './pods.ts';

const budgets = 'poddisruptionbudgets.policy';
const owners = ['replicasets.apps', 'statefulsets.apps', 'replicationcontrollers'];
/** An eviction that was allowed and did not delete its pod within this time is forgotten. */
const evictionForgottenAfterMs = 120_000;

/** Keeps in each budget how many of its pods may be evicted now. */
export const disruptionController = (): Controller => ({
  name: 'disruption',
  reconciles: budgets,
  reads: ['pods', 'deployments.apps', ...owners],
  writes: { [`${budgets}/status`]: ['update'] },
  enqueue: {
    pods: budgetsOf,
    ...Object.fromEntries(
      owners.map((resource) => [
        resource,
        (owner: KubernetesObject, { cache }: ControllerContext) =>
          cache(budgets)
            .list(owner.metadata.namespace)
            .filter((budget) => selects(budget['spec']?.selector, owner['spec']?.template ?? { metadata: {} }))
            .map(keyOf),
      ]),
    ),
  },

  async reconcile({ namespace, name }, context): Promise<Result> {
    const budget = context.cache<PodDisruptionBudget>(budgets).get(namespace, name);
    if (budget === undefined || isDeleting(budget)) return undefined;
    const chosen = selected(context.cache<Pod>('pods'), namespace, budget.spec?.selector);
    const pods = chosen.filter((pod) => !isFinished(pod));
    const nowMs = context.clock.now();
    const status = budgetStatus(budget, pods, wantedPods(context, pods), nowMs);
    await writeStatus(context, budgets, budget, status);
    const pending = Object.values(status.disruptedPods ?? {}).map((time) => Date.parse(time));
    if (pending.length === 0) return undefined;
    return { requeueAfterMs: Math.max(1000, Math.min(...pending) + evictionForgottenAfterMs - nowMs) };
  },
});

function budgetsOf(pod: KubernetesObject, { cache }: ControllerContext) {
  const all = cache<PodDisruptionBudget>(budgets).list(pod.metadata.namespace ?? '');
  return all.filter(({ spec }) => selects(spec?.selector, pod)).map(keyOf);
}

/** How many pods their controllers want together, or why that is not known. Pods without one are wanted by nobody. */
type Wanted = number | { unknown: string };

function wantedPods({ cache }: ControllerContext, pods: Pod[]): Wanted {
  const replicas = new Map<string, number>();
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined) continue;
    const owner = owners.map((resource) => cache(resource).byUid(reference.uid)).find(Boolean);
    if (owner === undefined)
      return { unknown: `the size of ${reference.kind} ${reference.name} is not known: use minAvailable as a number` };
    const scaled = cache('deployments.apps').byUid(controllerOf(owner)?.uid ?? '') ?? owner;
    replicas.set(scaled.metadata.uid!, scaled['spec']?.replicas ?? 1);
  }
  return [...replicas.values()].reduce((sum, count) => sum + count, 0);
}

/** As https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors has it. */
export function budgetStatus(
  { spec, status, metadata }: PodDisruptionBudget,
  pods: Pod[],
  wanted: Wanted,
  nowMs: number,
): PodDisruptionBudgetStatus {
  const { minAvailable, maxUnavailable } = spec ?? {};
  const unknown = typeof wanted === 'number' || typeof minAvailable === 'number' ? undefined : wanted.unknown;
  const size = typeof wanted === 'number' ? wanted : 0;
  const expectedPods = typeof minAvailable === 'number' ? pods.length : size;
  const desiredHealthy =
    maxUnavailable !== undefined
      ? Math.max(0, size - intOrPercent(maxUnavailable, size, true))
      : intOrPercent(minAvailable, size, true);
  const disruptedPods: Record<string, string> = {};
  for (const [name, time] of Object.entries(status?.disruptedPods ?? {})) {
    const pod = pods.find((one) => one.metadata.name === name);
    if (pod && !isDeleting(pod) && Date.parse(time) + evictionForgottenAfterMs > nowMs) disruptedPods[name] = time;
  }
  const healthy = pods.filter((pod) => isReady(pod) && !isDeleting(pod) && !(pod.metadata.name in disruptedPods));
  const allowed = expectedPods > 0 ? Math.max(0, healthy.length - desiredHealthy) : 0;
  const reason = unknown ? 'SyncFailed' : allowed > 0 ? 'SufficientPods' : 'InsufficientPods';
  const condition: Condition = {
    ...{ type: 'DisruptionAllowed', status: allowed > 0 ? 'True' : 'False', reason, message: unknown ?? '' },
    observedGeneration: metadata.generation,
  };
  const conditions = withCondition(status?.conditions as Condition[] | undefined, condition, nowMs);
  return {
    observedGeneration: metadata.generation,
    currentHealthy: healthy.length,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: allowed,
    disruptedPods: Object.keys(disruptedPods).length > 0 ? disruptedPods : undefined,
    conditions: conditions as PodDisruptionBudgetStatus['conditions'],
  };
}
