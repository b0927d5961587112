import { type ColumnOf, defineKind } from '../define.ts';
import type { RbacSubject, RoleBinding } from '../schema/types.d.ts';
import { pathSegment } from '../validation/names.ts';
import { validateBinding } from '../validation/rbac.ts';

type Binding = Pick<RoleBinding, 'roleRef' | 'subjects'>;

const subjectsOf = (kind: string, show: (subject: RbacSubject) => string) => (binding: Binding) =>
  (binding.subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(show)
    .join(', ');

export const bindingColumns: ColumnOf<Binding>[] = [
  { name: 'Role', type: 'string', value: ({ roleRef }) => `${roleRef?.kind}/${roleRef?.name}` },
  { name: 'Users', type: 'string', priority: 1, value: subjectsOf('User', ({ name }) => name) },
  { name: 'Groups', type: 'string', priority: 1, value: subjectsOf('Group', ({ name }) => name) },
  {
    name: 'ServiceAccounts',
    type: 'string',
    priority: 1,
    value: subjectsOf('ServiceAccount', ({ namespace = '', name }) => `${namespace}/${name}`),
  },
];

/** Source: kubernetes/kubernetes pkg/apis/rbac/v1/defaults.go. */
export function defaultBinding({ roleRef, subjects }: Binding): void {
  if (roleRef) roleRef.apiGroup ||= 'rbac.authorization.k8s.io';
  for (const subject of subjects ?? [])
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= 'rbac.authorization.k8s.io';
}

export const roleBinding = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  kind: 'RoleBinding',
  resource: 'rolebindings',
  createdByUpdate: true,
  columns: bindingColumns,
  name: pathSegment,
  validate: (object, old) => validateBinding(object, old, ['ClusterRole', 'Role']),
  defaults: defaultBinding,
});
