import { defineKind } from '../define.ts';
import type { ClusterRole } from '../schema/types.d.ts';
import { createdAtColumn, nameColumn } from '../table.ts';
import { pathSegment } from '../validation/names.ts';

export const clusterRole = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  kind: 'ClusterRole',
  resource: 'clusterroles',
  namespaced: false,
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
  name: pathSegment,
});
