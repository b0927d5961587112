import type { OwnerReference } from '../../api/object.ts';
import type { Attributes } from '../../api/user.ts';
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from '../contracts.ts';
import { refusal } from './about.ts';

/** Resource names of kinds that own others; anything else is asked for by its kind in lower case. */
const irregular: Record<string, string> = { Ingress: 'ingresses', NetworkPolicy: 'networkpolicies' };

/**
 * Who sets or changes owner references must be allowed to delete the object (its owner's end deletes it), and, to block
 * the owner's deletion, to change the owner's finalizers.
 */
export const ownerReferences = (authorize: Authorizer): AdmissionPlugin => ({
  name: 'OwnerReferencesPermissionEnforcement',
  validate(request) {
    const { operation, object, oldObject: old } = request;
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
      if (!allowed(authorize, request, ownerOf(reference)))
        throw refusal(
          request,
          "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
        );
    }
  },
});

function ownerOf({ apiVersion, kind, name }: OwnerReference): Partial<Attributes> {
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/', 2) as [string, string]) : ['', apiVersion];
  const resource = irregular[kind] ?? `${kind.toLowerCase()}s`;
  return { verb: 'update', group, version, resource, subresource: 'finalizers', name };
}

function allowed(authorize: Authorizer, request: AdmissionRequest, asked: Partial<Attributes>): boolean {
  const { kind, namespace, name, user } = request;
  const own = { user, verb: 'delete', group: kind.group, version: kind.version, resource: kind.resource };
  const attributes: Attributes = { ...own, subresource: '', namespace, name, ...asked };
  return authorize(attributes).allowed;
}
