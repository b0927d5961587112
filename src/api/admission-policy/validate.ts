import { reservedWords } from '../cel/reserved-words.ts';
import type {
  AuditAnnotation,
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  Mutation,
  ParamKind,
  ValidatingAdmissionPolicy,
  Validation,
  Variable,
} from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import {
  duplicate,
  ErrorList,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../validation/errors.ts';
import { dns1035Label, dnsSubdomain, type NameCheck, qualifiedName } from '../validation/names.ts';
import { checkName, checkOptionalEnum, checkUnique } from '../validation/values.ts';
import { engine } from './engine.ts';
import type { Place, PolicySpec } from './expressions.ts';
import {
  annotationExpressionBytesMax,
  auditAnnotationsMax,
  matchConditionsMax,
  mutationsMax,
  policyExpressionsLengthMax,
  validationsMax,
  variablesMax,
} from './limits.ts';
import { validateMatch } from './validate-match.ts';

const reasons = enumOf(['Forbidden', 'Invalid', 'RequestEntityTooLarge'], 'admissionregistration.v1.Validation.reason');
const mutable = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const patchTypes = enumOf(['ApplyConfiguration', 'JSONPatch'], 'admissionregistration.v1.Mutation.patchType');
export const failurePolicies = enumOf(
  ['Fail', 'Ignore'],
  'admissionregistration.v1.ValidatingAdmissionPolicySpec.failurePolicy',
  'admissionregistration.v1.MutatingAdmissionPolicySpec.failurePolicy',
  'admissionregistration.v1.ValidatingWebhook.failurePolicy',
  'admissionregistration.v1.MutatingWebhook.failurePolicy',
);
export const reinvocations = enumOf(
  ['IfNeeded', 'Never'],
  'admissionregistration.v1.MutatingAdmissionPolicySpec.reinvocationPolicy',
  'admissionregistration.v1.MutatingWebhook.reinvocationPolicy',
);
/** Words of expressions that are values or operators. */
const words = ['true', 'false', 'null', 'in'];
const identifier: NameCheck = (name) =>
  /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reservedWords.has(name) && !words.includes(name)
    ? undefined
    : 'must be a valid CEL identifier';

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go. */
export function validatePolicy({ metadata, spec }: ValidatingAdmissionPolicy): FieldError[] {
  if (spec === undefined) return [required('spec')];
  const errors = commonErrors(spec);
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length + auditAnnotations.length === 0)
    for (const field of ['spec.validations', 'spec.auditAnnotations'])
      errors.push(required(field, 'validations or auditAnnotations must contain at least one item'));
  checkCount(validations, 'spec.validations', validationsMax, errors);
  checkCount(auditAnnotations, 'spec.auditAnnotations', auditAnnotationsMax, errors);
  validations.forEach((validation, index) => {
    validateValidation(validation, `spec.validations[${index}]`, errors);
  });
  auditAnnotations.forEach((annotation, index) => {
    const field = `spec.auditAnnotations[${index}]`;
    validateAnnotation(annotation, metadata.name, field, errors);
  });
  checkUnique(
    auditAnnotations.map(({ key }) => key),
    (index) => `spec.auditAnnotations[${index}].key`,
    errors,
  );
  return withExpressions(spec, errors);
}

function validateValidation(
  { reason, message = '', messageExpression = '' }: Validation,
  field: string,
  errors: FieldError[],
): void {
  checkOptionalEnum(reason, reasons, `${field}.reason`, errors);
  const texts = { messageExpression, message };
  for (const [name, text] of Object.entries(texts))
    if (text !== '' && text.trim() === '')
      errors.push(invalidValue(`${field}.${name}`, text, 'must be non-empty if specified'));
  if (/[\n\r]/.test(message.trim()))
    errors.push(invalidValue(`${field}.message`, message, 'must not contain line breaks'));
}

function validateAnnotation(
  { key = '', valueExpression = '' }: AuditAnnotation,
  policy: string,
  field: string,
  errors: FieldError[],
): void {
  checkName(`${policy}/${key}`, qualifiedName, `${field}.key`, errors);
  if (Buffer.byteLength(valueExpression.trim()) > annotationExpressionBytesMax)
    errors.push(
      required(`${field}.valueExpression`, `must not exceed ${annotationExpressionBytesMax} bytes in length`),
    );
}

/** As `validatePolicy`. */
export function validateMutation({ spec }: MutatingAdmissionPolicy): FieldError[] {
  if (spec === undefined) return [required('spec')];
  const errors = commonErrors(spec);
  const { mutations = [], matchConstraints = {} } = spec;
  checkMutableOperations(matchConstraints, 'spec.matchConstraints', errors);
  checkSubresources(matchConstraints, errors);
  if (mutations.length === 0) errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  checkCount(mutations, 'spec.mutations', mutationsMax, errors);
  mutations.forEach((mutation, index) => {
    validatePatch(mutation, `spec.mutations[${index}]`, errors);
  });
  checkOneOf(spec.reinvocationPolicy, reinvocations, 'spec.reinvocationPolicy', errors);
  return withExpressions(spec, errors);
}

function validatePatch(mutation: Mutation, field: string, errors: FieldError[]): void {
  const { patchType } = mutation;
  checkOneOf(patchType, patchTypes, `${field}.patchType`, errors);
  if (!patchTypes.includes(patchType ?? '')) return;
  for (const name of ['jsonPatch', 'applyConfiguration'] as const) {
    const isMeant = name.toLowerCase() === patchType!.toLowerCase();
    if (isMeant && mutation[name] === undefined)
      errors.push(required(`${field}.${name}`, `must be specified when patchType is ${patchType}`));
    if (!isMeant && mutation[name] !== undefined)
      errors.push(
        invalidValue(`${field}.${name}`, `{${name}}`, `must not be specified when patchType is ${patchType}`),
      );
  }
}

/** Of a mutating policy: what is sent to any other subresource is no object that could be changed. */
const mutableSubresources = new Set(['*', 'status', 'scale', 'ephemeralcontainers', 'resize', 'finalize', 'approval']);

function checkSubresources({ resourceRules = [] }: MatchResources, errors: FieldError[]): void {
  resourceRules.forEach(({ resources = [] }, index) => {
    for (const resource of resources) {
      const [, subresource] = resource.split(/\/(.*)/s);
      if (subresource !== undefined && !mutableSubresources.has(subresource))
        errors.push(
          notSupported(`spec.matchConstraints.resourceRules[${index}].resources`, resource, [...mutableSubresources]),
        );
    }
  });
}

/** Only what is made or changed can be changed. */
export function checkMutableOperations({ resourceRules = [] }: MatchResources, field: string, errors: FieldError[]) {
  for (const { operations = [] } of resourceRules)
    for (const operation of operations)
      if (!mutable.includes(operation))
        errors.push(notSupported(`${field}.resourceRules.operations`, operation, mutable));
}

/** A value that must be there and be one of these. */
export function checkOneOf(value: string | undefined, allowed: string[], field: string, errors: FieldError[]): void {
  if (!value) errors.push(required(field));
  else if (!allowed.includes(value)) errors.push(notSupported(field, value, allowed));
}

function commonErrors({
  failurePolicy,
  paramKind,
  matchConstraints,
  variables = [],
  matchConditions = [],
}: PolicySpec): FieldError[] {
  const errors = new ErrorList();
  checkOptionalEnum(failurePolicy, failurePolicies, 'spec.failurePolicy', errors);
  if (paramKind !== undefined) validateParamKind(paramKind, errors);
  if (matchConstraints === undefined) errors.push(required('spec.matchConstraints'));
  else {
    validateMatch(matchConstraints, 'spec.matchConstraints', errors);
    if (!matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'));
  }
  checkCount(variables, 'spec.variables', variablesMax, errors);
  checkConditions(matchConditions, 'spec', errors);
  variables.forEach(({ name }: Variable, index) => {
    const field = `spec.variables[${index}].name`;
    if (!name?.trim()) errors.push(required(field, 'name is not specified'));
    else checkName(name, identifier, field, errors);
  });
  return errors;
}

function checkConditions(conditions: MatchCondition[], at: string, errors: FieldError[]): void {
  checkCount(conditions, `${at}.matchConditions`, matchConditionsMax, errors);
  const names = new Set<string>();
  conditions.forEach(({ name }, index) => {
    const field = `${at}.matchConditions[${index}].name`;
    checkName(name, qualifiedName, field, errors);
    if (name && names.has(name)) errors.push(duplicate(field, name));
    names.add(name);
  });
}

/** Of a webhook, which stands at `webhooks[0]`: names and expressions. */
export function validateConditions(matchConditions: MatchCondition[], at: string): FieldError[] {
  const errors = new ErrorList();
  checkConditions(matchConditions, at, errors);
  const isTooMuch = matchConditions.length > matchConditionsMax;
  const wrong = matchConditions.length > 0 && !isTooMuch ? withExpressions({ matchConditions }, []) : [];
  return [...errors, ...wrong.map((error) => ({ ...error, field: error.field.replace('spec', at) }))];
}

/** Expressions are compiled besides, unless they are too much. */
function withExpressions(spec: PolicySpec, errors: FieldError[]): FieldError[] {
  const isTooMuch = errors.some(({ reason }) => reason === 'FieldValueTooMany');
  if (isTooMuch) return errors;
  const places = engine.expressions.placesOf(spec);
  const length = places.reduce((sum, { source }) => sum + source.length, 0);
  if (length > policyExpressionsLengthMax)
    return [
      ...errors,
      forbiddenValue('spec', `its expressions have more than ${policyExpressionsLengthMax} characters together`),
    ];
  const known = new Set(errors.map(({ field }) => field));
  return [...errors, ...places.filter(({ field }) => !known.has(field)).flatMap(expressionErrors)];
}

function expressionErrors(place: Place): FieldError[] {
  const { field, source } = place;
  if (source.trim() === '') {
    const isNamed = /\.(variables|validations|auditAnnotations)\[/.test(field);
    return [required(field, isNamed ? `${field.split('.').at(-1)} is not specified` : '')];
  }
  const wrong = engine.expressions.problemOf(place);
  return wrong === undefined ? [] : [invalidValue(field, source, wrong)];
}

function validateParamKind({ apiVersion, kind }: ParamKind, errors: FieldError[]): void {
  const field = 'spec.paramKind.apiVersion';
  const parts = (apiVersion ?? '').split('/');
  const [group, version] = parts.length > 1 ? parts : ['', parts[0]];
  if (!apiVersion) errors.push(required(field));
  else if (parts.length > 2)
    errors.push(invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else {
    if (group) checkName(group, dnsSubdomain, field, errors);
    if (!version) errors.push(invalidValue(field, apiVersion, 'version must be specified'));
    else checkName(version, dns1035Label, field, errors);
  }
  const wrong = kind ? dns1035Label(kind.toLowerCase()) : undefined;
  if (!kind) errors.push(required('spec.paramKind.kind'));
  else if (wrong)
    errors.push(invalidValue('spec.paramKind.kind', kind, `may have mixed case, but should otherwise match: ${wrong}`));
}

function checkCount(list: unknown[], field: string, max: number, errors: FieldError[]): void {
  if (list.length > max) errors.push(tooMany(field, list.length, max));
}
