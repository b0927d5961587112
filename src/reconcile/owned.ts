import type { KubernetesObject, OwnerReference } from '../api/object.ts';
import { type LabelSelector, matchesSelector } from '../api/selectors.ts';
import { ApiError } from '../api/status.ts';
import type { ControllerContext, Key, ResourceName } from './controller.ts';

type Named = Pick<KubernetesObject, 'metadata'>;

/** The one owner that manages the object, of several that may keep it alive. */
export const controllerOf = (object: Named): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(({ controller }) => controller);

export const isDeleting = (object: Named): boolean => object.metadata.deletionTimestamp !== undefined;

export const selects = (selector: LabelSelector | undefined, { metadata }: Named): boolean =>
  matchesSelector(selector, metadata.labels);

export const keyOf = ({ metadata }: Named): Key => ({ namespace: metadata.namespace ?? '', name: metadata.name });

/** The reference by which an object belongs to its controller. */
export function controllerReference(owner: KubernetesObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid!, controller: true, blockOwnerDeletion: true };
}

/** For `enqueue`: the key of the controlling owner when it is of this kind. */
export function ownerKeys(kind: string, group: string) {
  return (object: KubernetesObject): Key[] => {
    const reference = controllerOf(object);
    if (reference?.kind !== kind || groupOf(reference.apiVersion) !== group) return [];
    return [{ namespace: object.metadata.namespace ?? '', name: reference.name }];
  };
}

const groupOf = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.split('/')[0] : '');

/**
 * For `enqueue` of workloads: the controlling owner, or for an object without one every owner that would adopt it.
 * `selectorOf` gives the selector of an owner.
 */
export function ownerOrSelectorKeys(
  resource: ResourceName,
  kind: string,
  group: string,
  selectorOf: (owner: KubernetesObject) => LabelSelector | undefined = (owner) => owner['spec']?.selector,
) {
  const byOwner = ownerKeys(kind, group);
  return (object: KubernetesObject, context: ControllerContext): Key[] => {
    if (controllerOf(object)) return byOwner(object);
    if (isDeleting(object)) return [];
    const owners = context.cache(resource).list(object.metadata.namespace ?? '');
    return owners.filter((owner) => selects(selectorOf(owner), object)).map(keyOf);
  };
}

/**
 * The objects that belong to an owner: its own that still match, and orphans that match, which are adopted. Its own
 * that match no longer are released. A `finalizer` of the owner's comes with the adoption and goes with the release.
 */
export async function claim<T extends KubernetesObject>(
  context: ControllerContext,
  owner: KubernetesObject,
  resource: ResourceName,
  selector: LabelSelector | undefined,
  finalizer?: string,
): Promise<T[]> {
  const cache = context.cache<T>(resource);
  const namespace = owner.metadata.namespace ?? '';
  const claimed: T[] = [];
  for (const object of cache.ownedBy(owner.metadata.uid!))
    if (selects(selector, object) || isDeleting(owner)) claimed.push(object);
    else await release(context, owner, resource, object, finalizer);
  if (isDeleting(owner)) return claimed;
  const orphans = cache
    .ownedBy('')
    .filter((one) => one.metadata.namespace === namespace && !isDeleting(one) && selects(selector, one));
  // They may be orphans because the owner was deleted without them: adopted again, they would go with it.
  if (orphans.length > 0 && !(await context.isStaying(owner))) return claimed;
  for (const orphan of orphans) {
    const adopted = await adopt<T>(context, owner, resource, orphan, finalizer);
    if (adopted) claimed.push(adopted);
  }
  return claimed;
}

/** The uid in the patch makes the server refuse it for another object of the same name. */
async function adopt<T>(
  { client }: ControllerContext,
  owner: KubernetesObject,
  resource: ResourceName,
  { metadata: { name, namespace, uid } }: KubernetesObject,
  finalizer: string | undefined,
): Promise<T | undefined> {
  const finalizers = finalizer === undefined ? undefined : [finalizer];
  const body = { metadata: { uid, ownerReferences: [controllerReference(owner)], finalizers } };
  try {
    return await client.patch<T>(resource, { namespace, name }, { type: 'strategic', body });
  } catch (error) {
    return ignoreGone(error);
  }
}

async function release(
  { client }: ControllerContext,
  owner: KubernetesObject,
  resource: ResourceName,
  { metadata: { name, namespace, uid } }: KubernetesObject,
  finalizer: string | undefined,
): Promise<void> {
  const ownerReferences = [{ $patch: 'delete', uid: owner.metadata.uid }];
  const gone = finalizer === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': [finalizer] };
  const body = { metadata: { uid, ownerReferences, ...gone } };
  try {
    await client.patch(resource, { namespace, name }, { type: 'strategic', body });
  } catch (error) {
    ignoreGone(error);
  }
}

/** Swallows that an object is gone or has become another one; throws anything else. */
export function ignoreGone(error: unknown): undefined {
  if (error instanceof ApiError && (error.reason === 'NotFound' || error.reason === 'Conflict')) return undefined;
  throw error;
}

/** Deletes exactly this object; that it is gone already is fine. */
export async function deleteObject(
  { client }: ControllerContext,
  resource: ResourceName,
  { metadata: { name, namespace, uid } }: Named,
  options: { gracePeriodSeconds?: number; propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' } = {},
): Promise<void> {
  const deleting = client.delete(resource, { namespace, name }, { ...options, preconditions: { uid } });
  await deleting.catch(ignoreGone);
}
