import type { ParamSource } from '../../api/admission-policy/params.ts';
import { kinds } from '../../api/api.ts';
import { apiVersionOf, resourceName } from '../../api/kind.ts';
import type { ParamKind } from '../../api/schema/types.d.ts';
import type { Lookup } from '../contracts.ts';

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

/** Parameters of policies, from the store. */
export function paramSource(lookup: Lookup): ParamSource {
  return {
    scopeOf: (kind) => paramResource(lookup, kind)?.scope,
    get(kind, namespace, name) {
      const { resource } = paramResource(lookup, kind)!;
      return lookup.get(resource, namespace, name);
    },
    list(kind, namespace) {
      const { resource, scope } = paramResource(lookup, kind)!;
      return lookup.list(resource, scope === 'Cluster' ? undefined : namespace);
    },
  };
}

type ParamResource = { group: string; plural: string; resource: string; scope: 'Namespaced' | 'Cluster' };

/** The resource of a kind, built in or defined by a user; undefined when there is none. */
export function paramResource(lookup: Lookup, { apiVersion = '', kind }: ParamKind): ParamResource | undefined {
  const builtIn = kinds.find((known) => known.kind === kind && apiVersionOf(known) === apiVersion);
  if (builtIn !== undefined) {
    const { group, resource: plural, namespaced } = builtIn;
    return { group, plural, resource: resourceName(builtIn), scope: namespaced ? 'Namespaced' : 'Cluster' };
  }
  const [group = '', version = ''] = apiVersion.split('/');
  const found = lookup.list(definitions).find(({ spec }) => {
    const serves = spec.versions.some(
      (each: { name: string; served: boolean }) => each.name === version && each.served,
    );
    return spec.group === group && spec.names.kind === kind && serves;
  });
  if (found === undefined) return undefined;
  const { names, scope } = found['spec'];
  return { group, plural: names.plural, resource: `${names.plural}.${group}`, scope };
}
