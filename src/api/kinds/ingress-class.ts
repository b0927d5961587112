import { defineKind } from '../define.ts';
import type { IngressClass } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { none } from '../table.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, immutable, invalidValue, required, tooLong } from '../validation/errors.ts';
import { dnsLabel, qualifiedName } from '../validation/names.ts';
import { validateReference } from '../validation/references.ts';
import { checkEnum, checkName, checkOptionalName } from '../validation/values.ts';

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
    const errors = new ErrorList();
    checkName(spec?.controller, qualifiedName, 'spec.controller', errors);
    if (!spec?.controller?.includes('/'))
      errors.push(invalidValue('spec.controller', spec?.controller ?? '', 'must be a domain-prefixed path'));
    if (old && spec?.controller !== old.spec?.controller) errors.push(immutable('spec.controller', spec?.controller));
    if ((spec?.controller?.length ?? 0) > controllerLengthMax)
      errors.push(tooLong('spec.controller', controllerLengthMax));
    if (spec?.parameters) validateParameters(spec.parameters, 'spec.parameters', errors);
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

const controllerLengthMax = 250;
type Parameters = NonNullable<NonNullable<IngressClass['spec']>['parameters']>;

const scopes = enumOf(['Cluster', 'Namespace'], 'networking.v1.IngressClassParametersReference.scope');

function validateParameters(parameters: Parameters, field: string, errors: FieldError[]): void {
  const { scope, namespace } = parameters;
  validateReference(parameters, field, errors);
  checkEnum(scope, scopes, `${field}.scope`, errors);
  if (scope === 'Cluster' && namespace !== undefined)
    errors.push(forbiddenValue(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  if (scope !== 'Namespace') return;
  if (namespace === undefined) errors.push(required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'"));
  else checkOptionalName(namespace, dnsLabel, `${field}.namespace`, errors);
}
