import type { KubernetesObject } from '../api/object.ts';
import { quotaUsed } from '../api/quota/quota.ts';
import { countedResource } from '../api/quota/usage.ts';
import type { ResourceQuota } from '../api/schema/types.d.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { isDeleting, keyOf } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';

const quotas = 'resourcequotas';
/** What can be counted; other names stay without a figure. */
const counted = [
  ...['pods', 'services', 'secrets', 'configmaps', 'persistentvolumeclaims', 'replicationcontrollers'],
  ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch'],
];
/** A burst of new pods is counted together. */
const countedAgainAfterMs = 1000;

/** Writes into each quota what its namespace uses. The limit itself is kept by admission, not by this figure. */
export function resourceQuotaController(): Controller {
  const countedAtMs = new Map<string, number>();
  return {
    name: 'resourcequota',
    reconciles: quotas,
    reads: counted,
    writes: { [`${quotas}/status`]: ['update'] },
    enqueue: Object.fromEntries(counted.map((resource) => [resource, concernedBy(resource)])),

    async reconcile(key, context): Promise<Result> {
      const id = `${key.namespace}/${key.name}`;
      const quota = context.cache<ResourceQuota>(quotas).get(key.namespace, key.name);
      if (quota === undefined || isDeleting(quota)) {
        countedAtMs.delete(id);
        return undefined;
      }
      const nowMs = context.clock.monotonicMs();
      const waitMs = (countedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) + countedAgainAfterMs - nowMs;
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      countedAtMs.set(id, nowMs);
      const list = (resource: string) =>
        resource === quotas || counted.includes(resource) ? context.cache(resource).list(key.namespace) : [];
      await writeStatus(context, quotas, quota, { hard: quota.spec?.hard, used: quotaUsed(quota, list) });
      return undefined;
    },
  };
}

const concernedBy =
  (resource: string) =>
  ({ metadata }: KubernetesObject, { cache }: ControllerContext) =>
    cache<ResourceQuota>(quotas)
      .list(metadata.namespace ?? '')
      .filter(({ spec }) => Object.keys(spec?.hard ?? {}).some((name) => countedResource(name) === resource))
      .map(keyOf);
