import type { Kind } from '../../api/kind.ts';
import type { Kinds } from '../kinds.ts';
import { groupsOf } from './discovery.ts';
import { subresourcesOf } from './resources.ts';

/** apidiscovery.k8s.io APIGroupDiscoveryList: everything in one answer. */
export function aggregated(kinds: Kinds, core: boolean, version: string) {
  const all = kinds.all().filter(({ group }) => group === '');
  const coreVersions = [...new Set(all.map((kind) => kind.version))];
  const groups = core ? [{ name: '', versions: coreVersions, kinds: all }] : groupsOf(kinds);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.name === '' ? { creationTimestamp: null } : { name: group.name, creationTimestamp: null },
      versions: group.versions.map((name) => ({
        version: name,
        resources: group.kinds.filter((kind) => kind.version === name).map(resourceOf),
        freshness: 'Current',
      })),
    })),
  };
}

function resourceOf(kind: Kind) {
  const subresources = subresourcesOf(kind).map(({ name, group, version, kind: subKind, verbs }) => ({
    subresource: name,
    responseKind: { group: group ?? kind.group, version: version ?? kind.version, kind: subKind },
    verbs,
  }));
  return {
    resource: kind.resource,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
