import { isDeepStrictEqual } from 'node:util';
import { kinds } from '../../../api/api.ts';
import { resourceName } from '../../../api/kind.ts';
import type { Amounts } from '../../../api/pods/totals.ts';
import { exceededNames, missingCompute, quotaCounts, quotaLimits, quotaUsed } from '../../../api/quota/quota.ts';
import { usageOf } from '../../../api/quota/usage.ts';
import { addQuantities } from '../../../foundation/quantity.ts';
import type { Manifest } from '../../contract.ts';
import { kindName, kindNameOf, refOf } from '../../object-ref.ts';
import { oncePerSnapshot } from '../../snapshot/once.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { createdPod } from '../made-pod.ts';

const kindOfResource = new Map(kinds.map((kind) => [resourceName(kind), kindNameOf(kind)]));
const resourceOfKind = new Map([...kindOfResource].map(([resource, kind]) => [kind, resource]));
/** As quotas call it; undefined for custom resources. */
export const resourceOf = (object: Manifest): string | undefined => resourceOfKind.get(kindName(object));

/** What of a quota is used. */
export type QuotaRoom = {
  /** By all that is there and all that is let in. */
  used(quota: Manifest): Amounts;
  /** If all of it were let in. */
  wanted(quota: Manifest): Amounts;
  /** When this object, which is new or changed, comes to be written; undefined of others. */
  usedBefore(object: Manifest, quota: Manifest): Amounts | undefined;
};

/** Fills the quotas of each namespace with what is new, in its order: what is refused uses nothing of them. */
export const quotaRoomIn = (snapshot: Snapshot, before: Snapshot): QuotaRoom => rooms(snapshot)(before);
const rooms = oncePerSnapshot((snapshot) => oncePerSnapshot((before) => roomIn(snapshot, before)));

function roomIn(snapshot: Snapshot, before: Snapshot): QuotaRoom {
  let comers: Map<string, Manifest[]> | undefined;
  const comersOf = (namespace: string): Manifest[] => {
    comers ??= Map.groupBy(
      snapshot.objects.filter((object) => isComing(object, before)),
      namespaceIn,
    );
    return comers.get(namespace) ?? [];
  };
  const filled = new Map<string, Filled>();
  const filledOf = (quota: Manifest): Filled => {
    const namespace = namespaceIn(quota);
    const found = filled.get(namespace) ?? fill(snapshot, before, namespace, comersOf(namespace));
    filled.set(namespace, found);
    return found;
  };
  const wanted = new Map<Manifest, Amounts>();
  /** Everything that is refused asks for it. */
  const wantedOf = (quota: Manifest): Amounts => {
    const list = (resource: string) => snapshot.of(kindOfResource.get(resource) ?? '', namespaceIn(quota));
    const found = wanted.get(quota) ?? quotaUsed(quota, list);
    wanted.set(quota, found);
    return found;
  };
  return {
    used: (quota) => filledOf(quota).used.get(quota) ?? {},
    wanted: wantedOf,
    usedBefore: (object, quota) => filledOf(quota).usedBefore.get(object)?.get(quota),
  };
}

type Filled = { used: Map<Manifest, Amounts>; usedBefore: Map<Manifest, Map<Manifest, Amounts>> };

const namespaceIn = ({ metadata }: Manifest): string => metadata.namespace ?? '';

/** Pods are not changed: their controllers make others in their place. */
function isComing(object: Manifest, before: Snapshot): boolean {
  const resource = resourceOf(object);
  if (resource === undefined) return false;
  const old = before.get(refOf(object));
  return old === undefined || (old !== object && resource !== 'pods');
}

function fill(snapshot: Snapshot, before: Snapshot, namespace: string, comers: Manifest[]): Filled {
  const quotas = snapshot.of('ResourceQuota', namespace);
  const there = (resource: string) =>
    snapshot
      .of(kindOfResource.get(resource) ?? '', namespace)
      .flatMap((object) => (isComing(object, before) ? (before.get(refOf(object)) ?? []) : object));
  const used = new Map(quotas.map((quota) => [quota, quotaUsed(quota, there)]));
  const usedBefore: Filled['usedBefore'] = new Map();
  for (const comer of comers) {
    const resource = resourceOf(comer)!;
    const object = resource === 'pods' ? createdPod(comer, snapshot) : comer;
    const old = before.get(refOf(comer));
    const own = quotas.filter(
      (quota) => !isDeepStrictEqual(usageIn(quota, resource, old), usageIn(quota, resource, object)),
    );
    const others = new Map(own.map((quota) => [quota, less(used.get(quota)!, usageIn(quota, resource, old))]));
    usedBefore.set(comer, others);
    if (!quotas.every((quota) => fits(quota, resource, object, old, others.get(quota)))) continue;
    for (const [quota, amounts] of others) used.set(quota, sum(amounts, usageIn(quota, resource, object)));
  }
  return { used, usedBefore };
}

/** What a quota counts of an object. */
export const usageIn = (quota: Manifest, resource: string, object: Manifest | undefined): Amounts =>
  object !== undefined && quotaCounts(quota, resource, object) ? usageOf(resource, object) : {};

/** Without `used` nothing changes for the quota. */
function fits(
  quota: Manifest,
  resource: string,
  object: Manifest,
  old: Manifest | undefined,
  used: Amounts | undefined,
): boolean {
  if (!quotaLimits(quota, resource, object)) return true;
  if (resource === 'pods' && missingCompute(quota, object).length > 0) return false;
  return used === undefined || exceededIn(quota, resource, object, old, used).length === 0;
}

/** The names of which there is not enough left, when `used` is what others use. */
export const exceededIn = (
  quota: Manifest,
  resource: string,
  object: Manifest,
  old: Manifest | undefined,
  used: Amounts,
): string[] => exceededNames(quota['spec'].hard, used, usageOf(resource, object), usageIn(quota, resource, old));

/** Of what is in the first one. */
const less = (amounts: Amounts, taken: Amounts): Amounts =>
  Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [name, addQuantities(amount, `-${taken[name] ?? '0'}`)]),
  );

export const sum = (a: Amounts, b: Amounts): Amounts =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [
      name,
      addQuantities(a[name] ?? '0', b[name] ?? '0'),
    ]),
  );
