import { validateMutation, validatePolicy } from '../admission-policy/validate.ts';
import { validateBinding, validateMutationBinding } from '../admission-policy/validate-binding.ts';
import { type ColumnOf, defineKind } from '../define.ts';
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../schema/types.d.ts';

const group = 'admissionregistration.k8s.io';
const shared = { group, categories: ['api-extensions'], namespaced: false };

function defaultMatch(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

const parameterKind: ColumnOf<{ spec?: { paramKind?: ParamKind } }> = {
  name: 'ParamKind',
  type: 'string',
  value: ({ spec }) => (spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>'),
};

const bindingColumns: ColumnOf<{ spec?: { policyName?: string; paramRef?: ParamRef } }>[] = [
  { name: 'PolicyName', type: 'string', value: ({ spec }) => spec?.policyName ?? '' },
  {
    name: 'ParamRef',
    type: 'string',
    value: ({ spec }) => {
      const reference = spec?.paramRef;
      if (!reference) return '<unset>';
      const name = reference.name ?? '*';
      return reference.namespace ? `${reference.namespace}/${name}` : name;
    },
  },
];

export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  ...shared,
  kind: 'ValidatingAdmissionPolicy',
  resource: 'validatingadmissionpolicies',
  status: true,
  columns: [
    { name: 'Validations', type: 'integer', value: ({ spec }) => spec?.validations?.length ?? 0 },
    parameterKind,
  ],
  defaults({ spec }) {
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    defaultMatch(spec.matchConstraints);
  },
  validate: validatePolicy,
});

export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  ...shared,
  kind: 'ValidatingAdmissionPolicyBinding',
  resource: 'validatingadmissionpolicybindings',
  columns: bindingColumns,
  defaults: ({ spec }) => defaultMatch(spec?.matchResources),
  validate: validateBinding,
});

export const mutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  ...shared,
  kind: 'MutatingAdmissionPolicy',
  resource: 'mutatingadmissionpolicies',
  columns: [{ name: 'Mutations', type: 'integer', value: ({ spec }) => spec?.mutations?.length ?? 0 }, parameterKind],
  defaults({ spec }) {
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    spec.reinvocationPolicy ??= 'Never';
    defaultMatch(spec.matchConstraints);
  },
  validate: validateMutation,
});

export const mutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>({
  ...shared,
  kind: 'MutatingAdmissionPolicyBinding',
  resource: 'mutatingadmissionpolicybindings',
  columns: bindingColumns,
  defaults: ({ spec }) => defaultMatch(spec?.matchResources),
  validate: validateMutationBinding,
});
