import { resourceName } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Amounts } from '../../api/pods/totals.ts';
import { exceededNames, missingCompute, quotaCounts, quotaLimits, quotaUsed } from '../../api/quota/quota.ts';
import { usageOf } from '../../api/quota/usage.ts';
import type { Clock } from '../../foundation/clock.ts';
import { addQuantities } from '../../foundation/quantity.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.ts';
import { refusal } from './about.ts';

/**
 * Admitted, and not seen in the store yet: others must count it already. While the store still shows `before`, what an
 * update asks for is counted with what was there: too much for a moment, never too little.
 */
type Reservation = { resource: string; object: KubernetesObject; before: string | undefined; untilMs: number };

/** An admitted object is stored within this time, or its request failed after admission. */
const reservedMs = 10_000;
const reservationsMax = 10_000;

/**
 * Keeps namespaces within their ResourceQuotas. What is used is counted from the store itself, plus what was admitted
 * and is on its way there: exact under concurrency, because one process admits, one request after the other. The
 * quota's status is for people; a controller writes it.
 */
export function resourceQuota(clock: Clock): AdmissionPlugin {
  const reservations = new Map<string, Reservation>();
  return {
    name: 'ResourceQuota',
    validate(request) {
      const { operation, kind, namespace, subresource, object, oldObject: old, lookup, dryRun } = request;
      if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined || !kind.namespaced) return;
      if (subresource !== '' && subresource !== 'resize') return;
      const quotas = lookup.list('resourcequotas', namespace);
      const resource = resourceName(kind);
      const counting = quotas.filter((quota) => quotaLimits(quota, resource, object));
      if (counting.length === 0) return;
      forget(request, reservations, clock.monotonicMs());
      const key = `${resource}/${namespace}/${request.name}`;
      for (const quota of counting) checkQuota(request, quota, resource, old, pending(reservations, namespace, key));
      if (dryRun || !counting.some((quota) => asksForMore(quota, resource, object, old))) return;
      const before = old?.metadata.resourceVersion;
      reservations.set(key, { resource, object, before, untilMs: clock.monotonicMs() + reservedMs });
    },
  };
}

function pending(reservations: Map<string, Reservation>, namespace: string, own: string): Reservation[] {
  return [...reservations]
    .filter(([key, { object }]) => key !== own && object.metadata.namespace === namespace)
    .map(([, reservation]) => reservation);
}

/** Drops what the store shows by now, and what never came. */
function forget({ lookup }: AdmissionRequest, reservations: Map<string, Reservation>, nowMs: number): void {
  for (const [key, { resource, object, before, untilMs }] of reservations) {
    const { namespace, name } = object.metadata;
    // Also when it is another's: then this one was refused.
    const stored = lookup.get(resource, namespace!, name)?.metadata.resourceVersion;
    if (untilMs <= nowMs || stored !== before) reservations.delete(key);
  }
  if (reservations.size >= reservationsMax) reservations.clear();
}

/** Takes an object more of what the quota limits than it did? Everything does that is new. */
function asksForMore(
  quota: KubernetesObject,
  resource: string,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): boolean {
  const hard: Amounts = quota['spec'].hard;
  const nothing = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
  return exceededNames(nothing, {}, usageOf(resource, object), usedBefore(quota, resource, old)).length > 0;
}

const usedBefore = (quota: KubernetesObject, resource: string, old: KubernetesObject | undefined): Amounts =>
  old === undefined || !quotaCounts(quota, resource, old) ? {} : usageOf(resource, old);

function checkQuota(
  request: AdmissionRequest,
  quota: KubernetesObject,
  resource: string,
  old: KubernetesObject | undefined,
  reserved: Reservation[],
): void {
  const { object, lookup, namespace } = request;
  const asked = usageOf(resource, object!);
  const before = usedBefore(quota, resource, old);
  if (resource === 'pods') requireCompute(request, quota, object!);
  const used = quotaUsed(quota, (counted) => [
    ...lookup.list(counted, namespace).filter(({ metadata }) => counted !== resource || metadata.name !== request.name),
    ...reserved.filter((item) => item.resource === counted).map((item) => item.object),
  ]);
  const hard: Amounts = quota['spec'].hard;
  const exceeded = exceededNames(hard, used, asked, before);
  if (exceeded.length === 0) return;
  const show = (amounts: Amounts) => exceeded.map((name) => `${name}=${amounts[name] ?? '0'}`).join(',');
  const occupied = Object.fromEntries(
    exceeded.map((name) => [name, addQuantities(used[name] ?? '0', before[name] ?? '0')]),
  );
  throw refusal(
    request,
    `exceeded quota: ${quota.metadata.name}, requested: ${show(asked)}, used: ${show(occupied)}, limited: ${show(hard)}`,
  );
}

/** What a quota limits, every container must say: otherwise it could use anything. */
function requireCompute(request: AdmissionRequest, quota: KubernetesObject, pod: KubernetesObject): void {
  const missing = missingCompute(quota, pod);
  if (missing.length > 0)
    throw refusal(request, `failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`);
}
