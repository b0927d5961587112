import { defineKind } from '../define.ts';
import type { IngressClass } from '../schema/types.d.ts';
import { none } from '../table.ts';

function parameters({ spec }: IngressClass): string {
  const reference = spec?.parameters;
  if (!reference) return none;
  return `${reference.kind}${reference.apiGroup ? `.${reference.apiGroup}` : ''}/${reference.name}`;
}

export const ingressClass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  namespaced: false,
  columns: [
    { name: 'Controller', type: 'string', value: ({ spec }) => spec?.controller },
    { name: 'Parameters', type: 'string', value: parameters },
  ],
  defaults({ spec }) {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
  },
});
