import type { KubernetesObject, ObjectMeta } from '../object.ts';
import type { PolicyRule } from './rules.ts';
import type { Subject } from './subject.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;

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

export const user = (name: string): Subject => ({ kind: 'User', name });
export const userGroup = (name: string): Subject => ({ kind: 'Group', name });

/** As it stands in an object: a ServiceAccount is of the core group. */
const writtenSubject = (subject: Subject): object =>
  subject.kind === 'ServiceAccount' ? subject : { apiGroup: group, ...subject };

type BindingKind = 'RoleBinding' | 'ClusterRoleBinding';
type RoleKind = 'Role' | 'ClusterRole';

const binding = (
  kind: BindingKind,
  metadata: ObjectMeta,
  role: { kind: RoleKind; name: string },
  subjects: Subject[],
): KubernetesObject => ({
  ...{ apiVersion, kind, metadata },
  ...{ roleRef: { apiGroup: group, ...role }, subjects: subjects.map(writtenSubject) },
});

export const clusterRoleBinding = (name: string, role: string, subjects: Subject[]): KubernetesObject =>
  binding('ClusterRoleBinding', metadata(name), { kind: 'ClusterRole', name: role }, subjects);

export function role(namespace: string, name: string, rules: PolicyRule[]): KubernetesObject {
  return { apiVersion, kind: 'Role', metadata: { ...metadata(name), namespace }, rules };
}

export const roleBinding = (namespace: string, name: string, role: string, subjects: Subject[]): KubernetesObject =>
  binding('RoleBinding', { ...metadata(name), namespace }, { kind: 'Role', name: role }, subjects);

/** A role of these rules and the binding of the same name that gives it: in one namespace, or (empty) everywhere. */
export function boundRole(
  { namespace, ...named }: ObjectMeta,
  rules: PolicyRule[],
  subjects: Subject[],
): { role: KubernetesObject; binding: KubernetesObject } {
  const kind = namespace ? 'Role' : 'ClusterRole';
  const metadata = namespace ? { ...named, namespace } : named;
  return {
    role: { apiVersion, kind, metadata, rules },
    binding: binding(`${kind}Binding`, metadata, { kind, name: metadata.name }, subjects),
  };
}
