import { compileExpression, ExpressionError } from '../cel/expression.ts';
import type {
  MatchResources,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { duplicate, forbiddenValue, invalidValue, required, tooMany } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkEnum, checkName, checkOptionalEnum } from '../validation/values.ts';
import { expressionsOf, locatedMessage } from './compile.ts';
import {
  auditAnnotationsMax,
  matchConditionsMax,
  policyExpressionsLengthMax,
  validationsMax,
  variablesMax,
} from './limits.ts';

const reasons = ['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go. */
export function validatePolicy(policy: ValidatingAdmissionPolicy): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = policy;
  if (spec === undefined) return [required('spec')];
  const { matchConstraints, validations = [], auditAnnotations = [], variables = [], matchConditions = [] } = spec;
  checkOptionalEnum(spec.failurePolicy, ['Fail', 'Ignore'], 'spec.failurePolicy', errors);
  if (spec.paramKind !== undefined) validateParamKind(spec.paramKind, errors);
  if (matchConstraints === undefined) errors.push(required('spec.matchConstraints'));
  else {
    validateMatch(matchConstraints, 'spec.matchConstraints', errors);
    if (!matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'));
  }
  if (validations.length + auditAnnotations.length === 0)
    errors.push(required('spec.validations', 'validations or auditAnnotations must be non-empty, or both'));
  checkCount(validations, 'spec.validations', validationsMax, errors);
  checkCount(auditAnnotations, 'spec.auditAnnotations', auditAnnotationsMax, errors);
  checkCount(variables, 'spec.variables', variablesMax, errors);
  checkCount(matchConditions, 'spec.matchConditions', matchConditionsMax, errors);
  checkNames(
    matchConditions.map(({ name }) => name),
    'spec.matchConditions',
    'name',
    errors,
  );
  checkNames(
    auditAnnotations.map(({ key }) => key),
    'spec.auditAnnotations',
    'key',
    errors,
  );
  const seen = new Set<string>();
  variables.forEach(({ name = '' }, index) => {
    const field = `spec.variables[${index}].name`;
    if (name === '') errors.push(required(field));
    else if (!identifier.test(name)) errors.push(invalidValue(field, name, 'name is not a valid CEL identifier'));
    else if (seen.has(name)) errors.push(duplicate(field, name));
    seen.add(name);
  });
  validations.forEach(({ reason, message, expression = '' }, index) => {
    const field = `spec.validations[${index}]`;
    checkOptionalEnum(reason, reasons, `${field}.reason`, errors);
    if (message?.includes('\n'))
      errors.push(invalidValue(`${field}.message`, message, 'message must not contain line breaks'));
    if (!message?.trim() && expression.trim().includes('\n'))
      errors.push(required(`${field}.message`, 'message must be specified if expression contains line breaks'));
  });
  // what is too much already is not compiled as well
  if (errors.length === 0) validateExpressions(policy, errors);
  return errors;
}

function validateExpressions(policy: ValidatingAdmissionPolicy, errors: FieldError[]): void {
  const expressions = expressionsOf(policy);
  const length = expressions.reduce((sum, { source }) => sum + source.length, 0);
  if (length > policyExpressionsLengthMax) {
    errors.push(
      forbiddenValue('spec', `its expressions have more than ${policyExpressionsLengthMax} characters together`),
    );
    return;
  }
  for (const { field, source, names } of expressions)
    if (source.trim() === '') errors.push(required(field));
    else
      try {
        compileExpression(source, names);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        errors.push(invalidValue(field, source, `compilation failed: ${locatedMessage(error)}`));
      }
}

function validateParamKind({ apiVersion, kind }: ParamKind, errors: FieldError[]): void {
  if (!apiVersion) errors.push(required('spec.paramKind.apiVersion'));
  else if (apiVersion.split('/').length > 2)
    errors.push(invalidValue('spec.paramKind.apiVersion', apiVersion, 'must be a group and a version'));
  if (!kind) errors.push(required('spec.paramKind.kind'));
}

function checkCount(list: unknown[], field: string, max: number, errors: FieldError[]): void {
  if (list.length > max) errors.push(tooMany(field, list.length, max));
}

function checkNames(names: (string | undefined)[], field: string, key: string, errors: FieldError[]): void {
  names.forEach((name, index) => {
    const at = `${field}[${index}].${key}`;
    checkName(name, qualifiedName, at, errors);
    if (name && names.indexOf(name) < index) errors.push(duplicate(at, name));
  });
}

function validateMatch(match: MatchResources, field: string, errors: FieldError[]): void {
  checkOptionalEnum(match.matchPolicy, ['Exact', 'Equivalent'], `${field}.matchPolicy`, errors);
  validateSelector(match.namespaceSelector, `${field}.namespaceSelector`, errors);
  validateSelector(match.objectSelector, `${field}.objectSelector`, errors);
  for (const list of ['resourceRules', 'excludeResourceRules'] as const)
    match[list]?.forEach((rule, index) => {
      validateRule(rule, `${field}.${list}[${index}]`, errors);
    });
}

function validateRule(rule: NamedRuleWithOperations, field: string, errors: FieldError[]): void {
  for (const list of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const)
    if (!rule[list]?.length) errors.push(required(`${field}.${list}`));
  for (const operation of rule.operations ?? []) checkEnum(operation, operations, `${field}.operations`, errors);
  checkOptionalEnum(rule.scope, ['*', 'Cluster', 'Namespaced'], `${field}.scope`, errors);
}

export function validateBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors: FieldError[] = [];
  if (spec === undefined) return [required('spec')];
  const { policyName, validationActions = [], paramRef, matchResources } = spec;
  if (!policyName) errors.push(required('spec.policyName'));
  if (validationActions.length === 0)
    errors.push(required('spec.validationActions', 'at least one validation action is required'));
  validationActions.forEach((action, index) => {
    const field = `spec.validationActions[${index}]`;
    checkEnum(action, ['Audit', 'Deny', 'Warn'], field, errors);
    if (validationActions.indexOf(action) < index) errors.push(duplicate(field, action));
  });
  if (validationActions.includes('Deny') && validationActions.includes('Warn'))
    errors.push(
      invalidValue(
        'spec.validationActions',
        validationActions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  if (paramRef !== undefined) validateParamRef(paramRef, errors);
  if (matchResources !== undefined) validateMatch(matchResources, 'spec.matchResources', errors);
  return errors;
}

function validateParamRef({ name, selector, parameterNotFoundAction }: ParamRef, errors: FieldError[]): void {
  if (name && selector !== undefined)
    errors.push(forbiddenValue('spec.paramRef.name', 'name and selector are mutually exclusive'));
  if (!name && selector === undefined)
    errors.push(required('spec.paramRef', 'one of name or selector must be specified'));
  validateSelector(selector, 'spec.paramRef.selector', errors);
  checkEnum(parameterNotFoundAction, ['Deny', 'Allow'], 'spec.paramRef.parameterNotFoundAction', errors);
}
