import type { ParamSource } from '../../api/admission-policy/params.ts';
import type { Lookup } from '../contracts.ts';
import { resourceOfKind } from './kind-resource.ts';

/** Parameters of policies, from the store. */
export function paramSource(lookup: Lookup): ParamSource {
  return {
    scopeOf: (kind) => resourceOfKind(lookup, kind)?.scope,
    get(kind, namespace, name) {
      const { resource } = resourceOfKind(lookup, kind)!;
      return lookup.get(resource, namespace, name);
    },
    list(kind, namespace) {
      const { resource, scope } = resourceOfKind(lookup, kind)!;
      return lookup.list(resource, scope === 'Cluster' ? undefined : namespace);
    },
  };
}
