import { compileExpression, ExpressionError } from '../cel/expression.ts';
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingAdmissionPolicySpec,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicySpec,
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
  mutationsMax,
  policyExpressionsLengthMax,
  validationsMax,
  variablesMax,
} from './limits.ts';

const reasons = ['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go. */
export function validatePolicy({ spec }: ValidatingAdmissionPolicy): FieldError[] {
  if (spec === undefined) return [required('spec')];
  const errors = commonErrors(spec);
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length + auditAnnotations.length === 0)
    errors.push(required('spec.validations', 'validations or auditAnnotations must be non-empty, or both'));
  checkCount(validations, 'spec.validations', validationsMax, errors);
  checkCount(auditAnnotations, 'spec.auditAnnotations', auditAnnotationsMax, errors);
  const keys = auditAnnotations.map(({ key }) => key);
  checkNames(keys, 'spec.auditAnnotations', 'key', errors);
  validations.forEach(({ reason, message, expression = '' }, index) => {
    const field = `spec.validations[${index}]`;
    checkOptionalEnum(reason, reasons, `${field}.reason`, errors);
    if (message?.includes('\n'))
      errors.push(invalidValue(`${field}.message`, message, 'message must not contain line breaks'));
    if (!message?.trim() && expression.trim().includes('\n'))
      errors.push(required(`${field}.message`, 'message must be specified if expression contains line breaks'));
  });
  return withExpressions(spec, errors);
}

/** As `validatePolicy`. */
export function validateMutation({ spec }: MutatingAdmissionPolicy): FieldError[] {
  if (spec === undefined) return [required('spec')];
  const errors = commonErrors(spec);
  const { mutations = [], matchConstraints } = spec;
  if (mutations.length === 0) errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  checkCount(mutations, 'spec.mutations', mutationsMax, errors);
  checkEnum(spec.reinvocationPolicy, ['IfNeeded', 'Never'], 'spec.reinvocationPolicy', errors);
  mutations.forEach(({ patchType, jsonPatch, applyConfiguration }, index) => {
    const field = `spec.mutations[${index}]`;
    checkEnum(patchType, ['ApplyConfiguration', 'JSONPatch'], `${field}.patchType`, errors);
    if (jsonPatch !== undefined && patchType !== 'JSONPatch')
      errors.push(forbiddenValue(`${field}.jsonPatch`, 'must be left out of another patchType'));
    if (applyConfiguration !== undefined && patchType !== 'ApplyConfiguration')
      errors.push(forbiddenValue(`${field}.applyConfiguration`, 'must be left out of another patchType'));
  });
  matchConstraints?.resourceRules?.forEach(({ resources = [] }, index) => {
    const field = `spec.matchConstraints.resourceRules[${index}].resources`;
    for (const resource of resources)
      if (resource.includes('/')) errors.push(invalidValue(field, resource, 'subresources cannot be mutated here'));
  });
  return withExpressions(spec, errors);
}

type Spec = ValidatingAdmissionPolicySpec & MutatingAdmissionPolicySpec;

function commonErrors({
  failurePolicy,
  paramKind,
  matchConstraints,
  variables = [],
  matchConditions = [],
}: Spec): FieldError[] {
  const errors: FieldError[] = [];
  checkOptionalEnum(failurePolicy, ['Fail', 'Ignore'], 'spec.failurePolicy', errors);
  if (paramKind !== undefined) validateParamKind(paramKind, errors);
  if (matchConstraints === undefined) errors.push(required('spec.matchConstraints'));
  else {
    validateMatch(matchConstraints, 'spec.matchConstraints', errors);
    if (!matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'));
  }
  checkCount(variables, 'spec.variables', variablesMax, errors);
  checkCount(matchConditions, 'spec.matchConditions', matchConditionsMax, errors);
  const conditions = matchConditions.map(({ name }) => name);
  checkNames(conditions, 'spec.matchConditions', 'name', errors);
  const seen = new Set<string>();
  variables.forEach(({ name = '' }, index) => {
    const field = `spec.variables[${index}].name`;
    if (name === '') errors.push(required(field));
    else if (!identifier.test(name)) errors.push(invalidValue(field, name, 'name is not a valid CEL identifier'));
    else if (seen.has(name)) errors.push(duplicate(field, name));
    seen.add(name);
  });
  return errors;
}

/** Expressions are compiled when all else is right: what is too much already is not compiled as well. */
function withExpressions(spec: Spec, errors: FieldError[]): FieldError[] {
  if (errors.length > 0) return errors;
  const expressions = expressionsOf(spec);
  const length = expressions.reduce((sum, { source }) => sum + source.length, 0);
  if (length > policyExpressionsLengthMax)
    return [forbiddenValue('spec', `its expressions have more than ${policyExpressionsLengthMax} characters together`)];
  return expressions.flatMap(({ field, source, names }) => {
    if (source.trim() === '') return [required(field)];
    const wrong = problemOf(source, names);
    return wrong === undefined ? [] : [invalidValue(field, source, `compilation failed: ${wrong}`)];
  });
}

function problemOf(source: string, names: ReadonlySet<string>): string | undefined {
  try {
    compileExpression(source, names);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return locatedMessage(error);
    throw error;
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

export function validateMutationBinding({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec?.policyName) errors.push(required('spec.policyName'));
  if (spec?.paramRef !== undefined) validateParamRef(spec.paramRef, errors);
  if (spec?.matchResources !== undefined) validateMatch(spec.matchResources, 'spec.matchResources', errors);
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
