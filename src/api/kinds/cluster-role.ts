import { defineKind } from '../define.ts';
import type { ClusterRole } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { createdAtColumn, nameColumn } from '../table.ts';
import { required } from '../validation/errors.ts';
import { pathSegment } from '../validation/names.ts';
import { validateRules } from '../validation/rbac.ts';
import { validateSelector } from '../validation/selectors.ts';

export const clusterRole = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  kind: 'ClusterRole',
  resource: 'clusterroles',
  createdByUpdate: true,
  namespaced: false,
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
  name: pathSegment,
  validate: validateClusterRole,
});

function validateClusterRole({ rules, aggregationRule }: ClusterRole): FieldError[] {
  const errors = validateRules(rules, false);
  if (aggregationRule && !aggregationRule.clusterRoleSelectors?.length)
    errors.push(
      required(
        'aggregationRule.clusterRoleSelectors',
        'at least one clusterRoleSelector required if aggregationRule is non-nil',
      ),
    );
  (aggregationRule?.clusterRoleSelectors ?? []).forEach((selector, index) => {
    validateSelector(selector, `aggregationRule.clusterRoleSelectors[${index}]`, errors);
  });
  return errors;
}
