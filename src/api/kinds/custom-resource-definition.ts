import { validateDefinition } from '../custom-resources/validate.ts';
import { defineKind } from '../define.ts';
import type { CustomResourceDefinition } from '../schema/types.d.ts';
import { createdAtColumn, nameColumn } from '../table.ts';

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
