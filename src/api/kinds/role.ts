import { defineKind } from '../define.ts';
import type { Role } from '../schema/types.d.ts';
import { createdAtColumn, nameColumn } from '../table.ts';
import { pathSegment } from '../validation/names.ts';
import { validateRules } from '../validation/rbac.ts';

export const role = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  kind: 'Role',
  resource: 'roles',
  createdByUpdate: true,
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
  name: pathSegment,
  validate: ({ rules }) => validateRules(rules, true),
});
