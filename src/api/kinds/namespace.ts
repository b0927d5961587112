import { allVerbs, defineKind } from '../define.ts';
import type { Namespace } from '../schema/types.d.ts';
import { ErrorList } from '../validation/errors.ts';
import { dnsLabel, qualifiedName } from '../validation/names.ts';
import { checkName } from '../validation/values.ts';

export const namespace = defineKind<Namespace>({
  kind: 'Namespace',
  resource: 'namespaces',
  hasGeneration: false,
  shortNames: ['ns'],
  namespaced: false,
  // Upstream has no deletecollection of namespaces.
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  status: true,
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  selectableFields: ['status.phase'],
  columns: [
    {
      name: 'Status',
      type: 'string',
      description: 'The status of the namespace',
      value: ({ status }) => status?.phase,
    },
  ],
  name: dnsLabel,
  validate({ spec }) {
    const errors = new ErrorList();
    (spec?.finalizers ?? []).forEach((name, index) => {
      checkName(name, qualifiedName, `spec.finalizers[${index}]`, errors);
    });
    return errors;
  },
  defaults(object) {
    if (!object.metadata.name) return;
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  },
  // Source: kubernetes/kubernetes pkg/registry/core/namespace/strategy.go.
  prepareCreate(object) {
    object.status = { phase: 'Active' };
    object.spec ??= {};
    object.spec.finalizers = [...new Set([...(object.spec.finalizers ?? []), 'kubernetes'])];
  },
  prepareUpdate(object, old) {
    if (old.spec) object.spec = { ...object.spec, finalizers: old.spec.finalizers };
  },
});
