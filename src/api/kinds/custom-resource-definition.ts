import { defineKind } from '../define.ts';
import type { CustomResourceDefinition } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { createdAtColumn, nameColumn } from '../table.ts';
import { ErrorList, immutable, invalidValue, required } from '../validation/errors.ts';
import { dns1035Label, dnsSubdomain } from '../validation/names.ts';
import { checkEnum, checkName } from '../validation/values.ts';

export const customResourceDefinition = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  anyFinalizer: true,
  updatedByVersion: true,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  status: true,
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
  validate: validateDefinition,
  // Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go.
  defaults({ spec }) {
    if (!spec) return;
    const { names } = spec;
    if (names) {
      names.singular ||= names.kind?.toLowerCase();
      names.listKind ||= names.kind ? `${names.kind}List` : undefined;
    }
    spec.conversion ??= { strategy: 'None' };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service) service.port ??= 443;
  },
});

/** Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go. */
function validateDefinition(
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const errors = new ErrorList();
  const { group, names, scope, versions = [] } = spec ?? {};
  checkName(group, dnsSubdomain, 'spec.group', errors);
  if (group && !group.includes('.'))
    errors.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
  for (const name of ['plural', 'singular'] as const)
    checkName(names?.[name], dns1035Label, `spec.names.${name}`, errors);
  for (const name of ['kind', 'listKind'] as const)
    checkName(names?.[name]?.toLowerCase(), dns1035Label, `spec.names.${name}`, errors);
  if (metadata.name !== `${names?.plural}.${group}`)
    errors.push(invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'));
  checkEnum(scope, ['Cluster', 'Namespaced'], 'spec.scope', errors);
  if (versions.length === 0) errors.push(required('spec.versions', 'must have at least one version'));
  const seen = new Set<string>();
  versions.forEach(({ name, schema }, index) => {
    checkName(name, dns1035Label, `spec.versions[${index}].name`, errors);
    if (seen.has(name)) errors.push(invalidValue('spec.versions', name, 'must contain unique version names'));
    seen.add(name);
    if (!schema?.openAPIV3Schema)
      errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required'));
  });
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(
      invalidValue(
        'spec.versions',
        versions.map(({ name }) => name),
        'must have exactly one version marked as storage version',
      ),
    );
  if (!old?.spec) return errors;
  for (const [field, before, after] of [
    ['spec.group', old.spec.group, group],
    ['spec.scope', old.spec.scope, scope],
    ['spec.names.plural', old.spec.names?.plural, names?.plural],
    ['spec.names.kind', old.spec.names?.kind, names?.kind],
  ])
    if (before !== after) errors.push(immutable(field!, after));
  return errors;
}
