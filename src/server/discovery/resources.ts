import { createHash } from 'node:crypto';
import type { Kind, Subresource } from '../../api/kind.ts';

/** Upstream's hash only has to change with what is stored; a name is enough while kinds have one stored version. */
const storageHash = ({ group, resource, version }: Kind) =>
  createHash('sha256').update(`${group}/${version}/${resource}`).digest('base64').slice(0, 11).concat('=');

const partVerbs = ['get', 'patch', 'update'];

/** Everything below a kind, in the form of `Kind.subresources.others`. */
export function subresourcesOf(kind: Kind): Subresource[] {
  const { status, scale, others } = kind.subresources;
  const all = [...others];
  if (scale !== undefined)
    all.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: partVerbs });
  if (status) all.push({ name: 'status', kind: kind.kind, verbs: partVerbs });
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}

/** metav1.APIResourceList of one group and version. */
export function resourceList(groupVersion: string, kinds: Kind[]) {
  const resources = kinds.flatMap((kind) => [
    {
      ...{ name: kind.resource, singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind },
      verbs: kind.verbs,
      ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
      ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
      ...(kind.verbs.includes('get') ? { storageVersionHash: storageHash(kind) } : {}),
    },
    ...subresourcesOf(kind).map(({ name, group, version, kind: subKind, verbs }) => ({
      ...{ name: `${kind.resource}/${name}`, singularName: '', namespaced: kind.namespaced },
      ...(group === undefined ? {} : { group, version }),
      ...{ kind: subKind, verbs },
    })),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}
