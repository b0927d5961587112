import type { KubernetesObject } from '../object.ts';
import type { PolicyRule } from './rules.ts';

const group = 'rbac.authorization.k8s.io';
export const apiVersion = `${group}/v1`;

export const read = 'get list watch';
export const write = 'create delete deletecollection patch update';

const words = (text: string): string[] => text.split(' ');

/** `rule('get list', '', 'pods services')`: lists are separated by blanks; the core group is ''. */
export const rule = (verbs: string, apiGroups: string, resources: string, resourceNames?: string): PolicyRule => ({
  verbs: words(verbs),
  apiGroups: apiGroups === '' ? [''] : words(apiGroups).map((name) => (name === 'core' ? '' : name)),
  resources: words(resources),
  ...(resourceNames === undefined ? {} : { resourceNames: words(resourceNames) }),
});

export const paths = (verbs: string, urls: string): PolicyRule => ({
  verbs: words(verbs),
  nonResourceURLs: words(urls),
});

/** As upstream marks what it keeps up to date itself; setting the annotation to "false" opts an object out. */
const metadata = (name: string, labels: Record<string, string> = {}) => ({
  name,
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
});

/** A ClusterRole; `aggregateTo` names the user-facing role that it becomes part of. */
export function clusterRole(name: string, rules: PolicyRule[], aggregateTo?: string): KubernetesObject {
  const labels = aggregateTo === undefined ? {} : { [`${group}/aggregate-to-${aggregateTo}`]: 'true' };
  return { apiVersion, kind: 'ClusterRole', metadata: metadata(name, labels), rules };
}

/** A ClusterRole that collects every role labelled for it, those of custom resources too. */
export function aggregatedRole(name: string, aggregateTo?: string): KubernetesObject {
  const selector = { matchLabels: { [`${group}/aggregate-to-${name}`]: 'true' } };
  return { ...clusterRole(name, [], aggregateTo), aggregationRule: { clusterRoleSelectors: [selector] } };
}

export type Subject = { kind: 'User' | 'Group' | 'ServiceAccount'; name: string; namespace?: string };
export const user = (name: string): Subject => ({ kind: 'User', name });
export const userGroup = (name: string): Subject => ({ kind: 'Group', name });

const subjectOf = (subject: Subject) => (subject.kind === 'ServiceAccount' ? subject : { ...subject, apiGroup: group });

export function clusterRoleBinding(name: string, role: string, subjects: Subject[]): KubernetesObject {
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: role };
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    roleRef,
    subjects: subjects.map(subjectOf),
  };
}

export function role(namespace: string, name: string, rules: PolicyRule[]): KubernetesObject {
  return { apiVersion, kind: 'Role', metadata: { ...metadata(name), namespace }, rules };
}

export function roleBinding(namespace: string, name: string, to: string, subjects: Subject[]): KubernetesObject {
  return {
    ...{ apiVersion, kind: 'RoleBinding', metadata: { ...metadata(name), namespace } },
    ...{ roleRef: { apiGroup: group, kind: 'Role', name: to }, subjects: subjects.map(subjectOf) },
  };
}
