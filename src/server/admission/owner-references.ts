import type { OwnerReference } from '../../api/object.ts';
import type { Attributes } from '../../api/user.ts';
import type { AdmissionPlugin, AdmissionRequest, Authorizer, Lookup } from '../contracts.ts';
import { refusal } from './about.ts';
import { resourceOfKind } from './kind-resource.ts';

/**
 * Who sets or changes owner references must be allowed to delete the object (its owner's end deletes it), and, to block
 * the owner's deletion, to change the owner's finalizers.
 */
export const ownerReferences = (authorize: Authorizer): AdmissionPlugin => ({
  name: 'OwnerReferencesPermissionEnforcement',
  validate(request) {
    const { operation, object, oldObject: old, lookup } = request;
    if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    const before = old?.metadata.ownerReferences ?? [];
    // Requests such as a TokenRequest or an Eviction may come without metadata.
    const after = object.metadata?.ownerReferences ?? [];
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    if (operation === 'UPDATE' && !allowed(authorize, request, {}))
      throw refusal(request, "cannot set an ownerRef on a resource you can't delete");
    const blocking = (list: OwnerReference[]) =>
      new Set(list.filter((item) => item.blockOwnerDeletion).map(({ uid }) => uid));
    const known = blocking(before);
    for (const reference of after) {
      if (reference.blockOwnerDeletion !== true || known.has(reference.uid)) continue;
      if (!allowed(authorize, request, ownerOf(lookup, reference)))
        throw refusal(
          request,
          "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
        );
    }
  },
});

/** The finalizers of an owner, which may be of the whole cluster; of a kind that nobody serves, those of everything. */
function ownerOf(lookup: Lookup, { apiVersion, kind, name }: OwnerReference): Partial<Attributes> {
  const found = resourceOfKind(lookup, { apiVersion, kind });
  const { group, plural: resource } = found ?? { group: '*', plural: '*' };
  const asked = {
    verb: 'update',
    group,
    version: apiVersion.split('/').at(-1)!,
    resource,
    subresource: 'finalizers',
    name,
  };
  return found?.scope === 'Cluster' ? { ...asked, namespace: '' } : asked;
}

function allowed(authorize: Authorizer, request: AdmissionRequest, asked: Partial<Attributes>): boolean {
  const { kind, namespace, name, user } = request;
  const own = { user, verb: 'delete', group: kind.group, version: kind.version, resource: kind.resource };
  const attributes: Attributes = { ...own, subresource: '', namespace, name, ...asked };
  return authorize(attributes).allowed;
}
