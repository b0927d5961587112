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
  prepareCreate(object) {
    object.status = { acceptedNames: { kind: '', plural: '' }, conditions: [], storedVersions: [] };
    rememberStored(object);
  },
  prepareUpdate: rememberStored,
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

/** Objects may be stored in every version that ever was the one to store. The status is the old object's, too. */
function rememberStored(object: CustomResourceDefinition): void {
  const stored = object.spec?.versions?.find(({ storage }) => storage)?.name;
  const before = object.status?.storedVersions ?? [];
  if (stored !== undefined && !before.includes(stored))
    object.status = { ...object.status, storedVersions: [...before, stored] };
}
