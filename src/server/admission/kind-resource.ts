import { kindOf } from '../../api/api.ts';
import { resourceName } from '../../api/kind.ts';
import type { Lookup } from '../contracts.ts';

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

export type KindResource = { group: string; plural: string; resource: string; scope: 'Namespaced' | 'Cluster' };

/** The resource of a kind, built in or defined by a user; undefined when there is none. */
export function resourceOfKind(
  lookup: Lookup,
  { apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string },
): KindResource | undefined {
  const builtIn = kindOf(apiVersion, kind);
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
