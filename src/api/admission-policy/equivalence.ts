import { copyJson } from '../../foundation/json.ts';
import { kinds } from '../api.ts';
import { apiVersionOf, type Kind, resourceName } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import type { NamedRuleWithOperations } from '../schema/types.d.ts';
import type { PolicyRequest } from './request.ts';

const known = new WeakMap<Kind, Kind[]>();

/** Other versions of the same kind, under which a rule may name it: `autoscaling/v1` and `v2`, both ways. */
function versionsOf(kind: Kind): Kind[] {
  let found = known.get(kind);
  if (found === undefined) {
    const stored = resourceName(kind.storedAs ?? kind);
    found = kinds.filter((other) => other !== kind && resourceName(other.storedAs ?? other) === stored);
    known.set(kind, found);
  }
  return found;
}

/**
 * The other kinds that a rule may mean with a request of this one: versions of it. Of a custom resource all versions are
 * alike, so it is whichever the rule names.
 */
export function equivalentsOf(kind: Kind, { apiVersions = [] }: NamedRuleWithOperations): Kind[] {
  if (kinds.includes(kind)) return versionsOf(kind);
  return apiVersions
    .filter((version) => version !== '*' && version !== kind.version)
    .map((version) => ({ ...kind, version }));
}

/** The request as one of an equivalent kind: with its objects in that form. */
export const requestAs = (kind: Kind, request: PolicyRequest): PolicyRequest => ({
  ...{ ...request, kind, requestKind: request.requestKind ?? request.kind },
  object: request.object && converted(request.object, request.kind, kind),
  oldObject: request.oldObject && converted(request.oldObject, request.kind, kind),
});

/** An object in the form of another version of its kind. */
export function converted(object: KubernetesObject, from: Kind, to: Kind): KubernetesObject {
  const copy = copyJson(object);
  const stored = from.storedAs?.toStored(copy) ?? copy;
  return { ...(to.storedAs?.fromStored(stored) ?? stored), apiVersion: apiVersionOf(to), kind: to.kind };
}
