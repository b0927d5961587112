import { defineKind } from '../define.ts';
import type { IngressClass } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { none } from '../table.ts';
import { immutable, invalidValue } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';
import { checkEnum, checkName } from '../validation/values.ts';

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
  validate({ spec }, old) {
    const errors: FieldError[] = [];
    checkName(spec?.controller, qualifiedName, 'spec.controller', errors);
    if (!spec?.controller?.includes('/'))
      errors.push(invalidValue('spec.controller', spec?.controller ?? '', 'must be a domain-prefixed path'));
    if (old && spec?.controller !== old.spec?.controller) errors.push(immutable('spec.controller', spec?.controller));
    if (spec?.parameters) checkEnum(spec.parameters.scope, ['Cluster', 'Namespace'], 'spec.parameters.scope', errors);
    return errors;
  },
  columns: [
    { name: 'Controller', type: 'string', value: ({ spec }) => spec?.controller },
    { name: 'Parameters', type: 'string', value: parameters },
  ],
  defaults({ spec }) {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
  },
});
