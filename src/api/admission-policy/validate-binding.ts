import type { MutatingAdmissionPolicyBinding, ParamRef, ValidatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { dnsSubdomain, pathSegment } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkName, checkUnique } from '../validation/values.ts';
import { checkMutableOperations, checkOneOf } from './validate.ts';
import { validateMatch } from './validate-match.ts';

const actions = enumOf(
  ['Audit', 'Deny', 'Warn'],
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec.validationActions',
);
const withoutParams = enumOf(['Deny', 'Allow'], 'admissionregistration.v1.ParamRef.parameterNotFoundAction');

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go. */
export function validateBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors = new ErrorList();
  if (spec === undefined) return [required('spec')];
  const { policyName, validationActions = [], paramRef, matchResources } = spec;
  checkName(policyName, dnsSubdomain, 'spec.policyName', errors);
  if (paramRef !== undefined) validateParamRef(paramRef, errors);
  if (matchResources !== undefined) validateMatch(matchResources, 'spec.matchResources', errors);
  validationActions.forEach((action, index) => {
    if (!actions.includes(action)) errors.push(notSupported(`spec.validationActions[${index}]`, action, actions));
  });
  checkUnique(validationActions, (index) => `spec.validationActions[${index}]`, errors);
  if (validationActions.includes('Deny') && validationActions.includes('Warn'))
    errors.push(
      invalidValue(
        'spec.validationActions',
        validationActions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  if (validationActions.length === 0)
    errors.push(required('spec.validationActions', 'at least one validation action is required'));
  return errors;
}

/** As `validateBinding`. */
export function validateMutationBinding({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  const errors = new ErrorList();
  checkName(spec?.policyName, dnsSubdomain, 'spec.policyName', errors);
  if (spec?.paramRef !== undefined) validateParamRef(spec.paramRef, errors);
  if (spec?.matchResources === undefined) return errors;
  validateMatch(spec.matchResources, 'spec.matchResources', errors);
  checkMutableOperations(spec.matchResources, 'spec.matchResources', errors);
  return errors;
}

function validateParamRef({ name, selector, parameterNotFoundAction }: ParamRef, errors: FieldError[]): void {
  if (name) checkName(name, pathSegment, 'spec.paramRef.name', errors);
  if (name && selector !== undefined)
    for (const field of ['name', 'selector'])
      errors.push(forbiddenValue(`spec.paramRef.${field}`, 'name and selector are mutually exclusive'));
  if (!name && selector === undefined)
    errors.push(required('spec.paramRef', 'one of name or selector must be specified'));
  validateSelector(selector, 'spec.paramRef.selector', errors);
  checkOneOf(parameterNotFoundAction, withoutParams, 'spec.paramRef.parameterNotFoundAction', errors);
}
