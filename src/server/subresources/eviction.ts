import type { KubernetesObject } from '../../api/object.ts';
import { matchesSelector } from '../../api/selectors.ts';
import { ApiError, badRequest, notFound } from '../../api/status.ts';
import { formatTime } from '../../foundation/clock.ts';
import { copyJson } from '../../foundation/json.ts';
import { type Context, type Reply, valueReply } from '../context.ts';
import { objectFor } from '../storage/codec.ts';
import { decodeAs } from '../verbs/decode.ts';
import { checkOptions, type DeleteOptions, isDryRun, removeObject } from '../verbs/delete.ts';
import { admit } from '../verbs/prepare.ts';

type Budget = KubernetesObject;
const budgets = 'poddisruptionbudgets.policy';

/** POST pods/NAME/eviction: a delete that asks the disruption budgets first, as `kubectl drain` does. */
export async function evict(context: Context): Promise<Reply> {
  const { target, kind, storage, lookup } = context;
  const eviction = await decodeAs<KubernetesObject>(context.request, 'io.k8s.api.policy.v1.Eviction');
  if (eviction.metadata?.name && eviction.metadata.name !== target.name)
    throw badRequest(`name in URL (${target.name}) does not match name in Eviction object (${eviction.metadata.name})`);
  const options: DeleteOptions = eviction['deleteOptions'] ?? {};
  checkOptions(options);
  const dryRun = isDryRun(options) || context.dryRun;
  const entry = storage.get(kind, target.namespace, target.name);
  if (entry === undefined) throw notFound({ group: '', resource: 'pods', name: target.name });
  const pod = objectFor(kind, entry);
  await admit({ ...context, dryRun }, 'CREATE', { object: eviction, name: target.name });
  if (!goesFreely(pod)) {
    const found = lookup
      .list(budgets, target.namespace)
      .filter((budget) => matchesSelector(budget['spec']?.selector, pod.metadata.labels));
    if (found.length > 1)
      throw new ApiError(
        'InternalError',
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      );
    if (found.length === 1) await spend({ ...context, dryRun }, found[0]!, pod);
  }
  await markDisrupted({ ...context, dryRun });
  const forDelete = { ...context, dryRun, target: { ...target, subresource: '' } };
  await removeObject(forDelete, options);
  return valueReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }, 201);
}

/** What does not run, or is going already, counts for no budget. */
function goesFreely({ metadata, status = {} }: KubernetesObject): boolean {
  const ended = status.phase === 'Succeeded' || status.phase === 'Failed' || status.phase === 'Pending';
  return ended || metadata.deletionTimestamp !== undefined;
}

const isReady = ({ status = {} }: KubernetesObject): boolean =>
  (status.conditions ?? []).some(
    (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
  );

/** Takes one disruption out of the budget, or says 429: the client comes back. */
async function spend(context: Context, { metadata }: Budget, pod: KubernetesObject): Promise<void> {
  const { kinds, storage, clock, dryRun } = context;
  const kind = kinds.find('policy', 'v1', 'poddisruptionbudgets')!;
  await storage.update(
    kind,
    metadata.namespace!,
    metadata.name,
    (budget) => {
      const { spec = {}, status = {} } = budget;
      if (!isReady(pod) && mayGoUnhealthy(spec.unhealthyPodEvictionPolicy, status))
        return { object: budget, action: 'unchanged' };
      if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0))
        throw blocked(budget, `The disruption budget ${metadata.name} is still being processed by the server.`, 10);
      if ((status.disruptionsAllowed ?? 0) <= 0) {
        const { desiredHealthy = 0, currentHealthy = 0 } = status;
        throw blocked(
          budget,
          `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
        );
      }
      const object = copyJson(budget);
      const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: formatTime(clock.now()) };
      object['status'] = { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods };
      return { object, action: 'store' };
    },
    dryRun,
  );
}

/** policy/v1 unhealthyPodEvictionPolicy: by default only when the budget is met without the unhealthy pod. */
function mayGoUnhealthy(policy: string | undefined, { currentHealthy = 0, desiredHealthy = 0 }): boolean {
  return policy === 'AlwaysAllow' || (desiredHealthy > 0 && currentHealthy >= desiredHealthy);
}

/** Without a time to wait for, clients decide: with one, client-go would wait by itself and tell nobody. */
function blocked({ metadata }: Budget, message: string, retryAfterSeconds?: number): ApiError {
  return new ApiError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    name: metadata.name,
  });
}

/** Says in the pod why it goes (KEP-3329). */
async function markDisrupted({ storage, kind, target, clock, dryRun }: Context): Promise<void> {
  await storage.update(
    kind,
    target.namespace,
    target.name,
    (pod) => {
      const object = copyJson(pod);
      const others = (pod['status']?.conditions ?? []).filter(
        ({ type }: { type: string }) => type !== 'DisruptionTarget',
      );
      const condition = {
        ...{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
        ...{ message: 'Eviction API: evicting', lastTransitionTime: formatTime(clock.now()) },
      };
      object['status'] = { ...pod['status'], conditions: [...others, condition] };
      return { object, action: 'store' };
    },
    dryRun,
  );
}
