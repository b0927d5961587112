import type { KubernetesObject } from '../../api/object.ts';
import { readKinds } from './kinds.ts';

export type ReaderOptions = {
  /** Also `list` of secrets. */
  secretNames?: boolean;
  /** Who reads: an account that is made with the role and bound to it. */
  account?: { namespace: string; name: string };
};

const group = 'rbac.authorization.k8s.io';
const name = 'rempart:reader';
/** What a cluster of Rempart has seen, for previews. */
const observations = { group: 'defence.rempart.io', resource: 'observations' };

/**
 * The least rights with which a cluster is judged, as objects to apply: `list` of what a snapshot reads, and the paths
 * that say what is served. RBAC knows no right to the names of secrets alone: who may list them may read them, although
 * nothing here ever asks for more than metadata. So they are left out unless somebody wants them.
 */
export function readerObjects({ secretNames = false, account }: ReaderOptions = {}): KubernetesObject[] {
  const kinds = readKinds.filter(({ metadataOnly }) => secretNames || !metadataOnly);
  const rules = [...Map.groupBy([...kinds, observations], (kind) => kind.group)].map(([apiGroup, list]) => ({
    apiGroups: [apiGroup],
    resources: list.map(({ resource }) => resource).toSorted(),
    verbs: ['list'],
  }));
  const paths = { nonResourceURLs: ['/version', '/apis', '/apis/*', '/api', '/api/*'], verbs: ['get'] };
  // Only a cluster of Rempart has them.
  const observed = { apiGroups: ['defence.rempart.io'], resources: ['observations'], verbs: ['list'] };
  const all = [...rules, observed, paths];
  const role = { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules: all };
  if (account === undefined) return [role];
  return [
    role,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account, automountServiceAccountToken: false },
    {
      ...{ apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata: { name: `${name}:${account.namespace}` } },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
}
