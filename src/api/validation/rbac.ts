import type { PolicyRule, RbacSubject, RoleBinding } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from './enums.ts';
import { ErrorList, immutable, invalidValue, notSupported, required } from './errors.ts';
import { dnsSubdomain, pathSegment } from './names.ts';
import { checkName, sameValue } from './values.ts';

/** Rules of roles and bindings. Source: kubernetes/kubernetes pkg/apis/rbac/validation/validation.go. */
export function validateRules(rules: PolicyRule[] = [], namespaced: boolean): FieldError[] {
  const errors = new ErrorList();
  rules.forEach(({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }, index) => {
    const at = `rules[${index}]`;
    if (!verbs?.length) errors.push(required(`${at}.verbs`, 'verbs must contain at least one value'));
    if (nonResourceURLs?.length) {
      if (namespaced)
        errors.push(
          invalidValue(`${at}.nonResourceURLs`, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
        );
      if (apiGroups?.length || resources?.length || resourceNames?.length)
        errors.push(
          invalidValue(
            `${at}.nonResourceURLs`,
            nonResourceURLs,
            'rules cannot apply to both regular resources and non-resource URLs',
          ),
        );
      return;
    }
    if (!apiGroups?.length)
      errors.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'));
    if (!resources?.length)
      errors.push(required(`${at}.resources`, 'resource rules must supply at least one resource'));
  });
  return errors;
}

const subjectKinds = enumOf(['Group', 'ServiceAccount', 'User'], 'rbac.v1.Subject.kind');

type Binding = Pick<RoleBinding, 'roleRef' | 'subjects'>;
const rbacGroup = 'rbac.authorization.k8s.io';

export function validateBinding(
  { roleRef, subjects = [] }: Binding,
  old: Binding | undefined,
  roles: string[],
): FieldError[] {
  const errors = new ErrorList();
  if (roleRef?.apiGroup !== rbacGroup)
    errors.push(notSupported('roleRef.apiGroup', roleRef?.apiGroup ?? '', [rbacGroup]));
  if (!roles.includes(roleRef?.kind ?? '')) errors.push(notSupported('roleRef.kind', roleRef?.kind ?? '', roles));
  checkName(roleRef?.name, pathSegment, 'roleRef.name', errors);
  subjects.forEach((subject, index) => {
    validateSubject(subject, `subjects[${index}]`, roles.includes('Role'), errors);
  });
  // Who may change subjects must not be able to grant another role with that.
  if (old && !sameValue(roleRef, old.roleRef))
    errors.push({
      ...immutable('roleRef', roleRef),
      message: `Invalid value: ${JSON.stringify(roleRef)}: cannot change roleRef`,
    });
  return errors;
}

function validateSubject(
  { kind, name, namespace, apiGroup = '' }: RbacSubject,
  field: string,
  namespaced: boolean,
  errors: FieldError[],
): void {
  if (!name) errors.push(required(`${field}.name`));
  if (kind === 'ServiceAccount') {
    if (name) checkName(name, dnsSubdomain, `${field}.name`, errors);
    if (apiGroup !== '') errors.push(notSupported(`${field}.apiGroup`, apiGroup, ['']));
    // In a namespace, an account of that namespace is meant by none.
    if (!namespaced && !namespace) errors.push(required(`${field}.namespace`));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== rbacGroup) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [rbacGroup]));
  } else errors.push(notSupported(`${field}.kind`, kind ?? '', subjectKinds));
}
