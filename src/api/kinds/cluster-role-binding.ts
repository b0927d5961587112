import { defineKind } from '../define.ts';
import type { ClusterRoleBinding } from '../schema/types.d.ts';
import { pathSegment } from '../validation/names.ts';
import { validateBinding } from '../validation/rbac.ts';
import { bindingColumns, defaultBinding } from './role-binding.ts';

export const clusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  createdByUpdate: true,
  namespaced: false,
  columns: bindingColumns,
  name: pathSegment,
  validate: (object, old) => validateBinding(object, old, ['ClusterRole']),
  defaults: defaultBinding,
});
