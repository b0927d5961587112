import { type Budget, createBudget } from '../cel/budget.ts';
import type { AuthorizationAnswer, AuthorizationQuestion } from '../cel/evaluation.ts';
import type { Expression } from '../cel/expression.ts';
import { expressionCostMax } from '../cel/limits.ts';
import type { ValidatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { type Activation, createActivation, withParams } from './activation.ts';
import type { CompiledPolicy } from './compile.ts';
import { annotationBytesMax, evaluationsMax, messageBytesMax } from './limits.ts';
import { matchesResources } from './match.ts';
import { type ParamSource, paramsOf } from './params.ts';
import type { PolicyRequest, Unknown } from './request.ts';
import { withVariables } from './variables.ts';

/** A policy and one of its bindings. */
export type Bound = { policy: CompiledPolicy; binding: ValidatingAdmissionPolicyBinding };

/** What the evaluation may ask, and what it may cost. */
export type Surroundings = {
  params: ParamSource;
  authorize?(question: AuthorizationQuestion): AuthorizationAnswer;
  /** For all policies of the request together. */
  budget: Budget;
  /** Nothing is unknown to a server. */
  unknown?: ReadonlySet<Unknown>;
};

/** One validation that failed, or of which it is not known. What passes is not reported. */
export type Decision = {
  policy: string;
  binding: string;
  outcome: 'deny' | 'unknown';
  message: string;
  /** Forbidden, Unauthorized, RequestEntityTooLarge or Invalid. */
  reason: string;
  /** Deny, Warn, Audit: what the binding says is done about it. */
  actions: string[];
  /** Position of the validation. */
  validation: number;
  /** Of an unknown one: what it depends on. */
  dependsOn: string[];
};

export type Evaluated = { decisions: Decision[]; annotations: { policy: string; key: string; value: string }[] };

/**
 * Judges a request by every policy that is bound and matches. Pure: the same request, policies and surroundings give the
 * same decisions, as long as the time in the budget suffices.
 */
export function evaluatePolicies(bound: Bound[], request: PolicyRequest, surroundings: Surroundings): Evaluated {
  const unknown = surroundings.unknown ?? new Set();
  const result: Evaluated = { decisions: [], annotations: [] };
  let activation: Activation | undefined;
  let evaluations = 0;
  for (const each of bound) {
    const { policy, binding } = each;
    const matches = [
      matchesResources(policy.matchConstraints, request, unknown),
      matchesResources(binding.spec.matchResources, request, unknown),
    ];
    if (matches.includes(false)) continue;
    activation ??= createActivation(request, unknown);
    activation.touched.clear();
    const found = paramsOf(policy.paramKind, binding.spec.paramRef, request, surroundings.params);
    const doubts = matches.includes('unknown') ? ['the selectors of the policy'] : [];
    if ('error' in found) {
      configurationError(each, found.error, result);
      continue;
    }
    for (const params of found.params) {
      if (++evaluations > evaluationsMax) configurationError(each, `more than ${evaluationsMax} evaluations`, result);
      else evaluateOne(each, withParams(activation, params), surroundings, doubts, result);
    }
  }
  return result;
}

/** What is wrong with a binding denies whatever its actions are, unless errors are ignored. */
function configurationError({ policy, binding }: Bound, error: string, { decisions }: Evaluated): void {
  if (policy.failurePolicy === 'Ignore') return;
  decisions.push({
    ...{ policy: policy.name, binding: binding.metadata.name, outcome: 'deny', reason: 'Invalid', actions: ['Deny'] },
    ...{ message: `failed to configure binding: ${error}`, validation: 0, dependsOn: [] },
  });
}

type Run = (expression: Expression) => { value: unknown } | { error: string; dependsOn: string[] };

function evaluateOne(
  { policy, binding }: Bound,
  outer: Activation,
  { budget: parent, authorize }: Surroundings,
  doubts: string[],
  { decisions, annotations }: Evaluated,
): void {
  const budget = createBudget({ costMax: expressionCostMax, parent });
  const evaluation = { budget, ...(authorize ? { authorize } : {}) };
  const activation = withVariables(outer, policy.variables, evaluation);
  const run: Run = (expression) => {
    activation.touched.clear();
    const outcome = expression.evaluate(activation.bindings, evaluation);
    return 'value' in outcome ? outcome : { ...outcome, dependsOn: [...activation.touched] };
  };
  const decide = (message: string, dependsOn: string[], reason = 'Invalid', validation = 0) =>
    decisions.push({
      ...{ policy: policy.name, binding: binding.metadata.name, reason, message, validation, dependsOn },
      ...{ outcome: dependsOn.length > 0 ? 'unknown' : 'deny', actions: binding.spec.validationActions },
    });
  const conditions = matchesConditions(policy, run);
  if (conditions === false) return;
  if (typeof conditions === 'object' && 'error' in conditions) {
    if (policy.failurePolicy === 'Fail') decide(conditions.error, doubts);
    return;
  }
  const uncertain = [...doubts, ...(conditions === true ? [] : conditions.dependsOn)];
  policy.validations.forEach((validation, index) => {
    const outcome = run(validation.expression);
    if ('value' in outcome && outcome.value === true) return;
    const { reason = 'Invalid' } = validation.rule;
    if ('value' in outcome && outcome.value === false) decide(messageOf(validation, run), uncertain, reason, index);
    else {
      const error = 'error' in outcome ? outcome.error : 'the result is neither true nor false';
      const needs = 'error' in outcome ? outcome.dependsOn : [];
      if (policy.failurePolicy === 'Fail' || needs.length > 0)
        decide(errorMessage(validation.expression, error), [...uncertain, ...needs], reason, index);
    }
  });
  for (const { key, expression } of policy.auditAnnotations) {
    const outcome = run(expression);
    const value = 'value' in outcome ? outcome.value : undefined;
    if (typeof value === 'string' && value !== '')
      annotations.push({
        policy: policy.name,
        key,
        value: Buffer.from(value).subarray(0, annotationBytesMax).toString(),
      });
    else if ('error' in outcome && policy.failurePolicy === 'Fail')
      decide(errorMessage(expression, outcome.error), [...uncertain, ...outcome.dependsOn]);
  }
}

/** All must be true; one that is false decides before any error does. */
function matchesConditions(
  { matchConditions }: CompiledPolicy,
  run: Run,
): boolean | { error: string } | { dependsOn: string[] } {
  const dependsOn: string[] = [];
  let error: string | undefined;
  for (const { expression } of matchConditions) {
    const outcome = run(expression);
    if ('value' in outcome && outcome.value === true) continue;
    if ('value' in outcome && outcome.value === false) return false;
    if ('error' in outcome && outcome.dependsOn.length > 0) dependsOn.push(...outcome.dependsOn);
    else
      error ??= errorMessage(expression, 'error' in outcome ? outcome.error : 'the result is neither true nor false');
  }
  if (dependsOn.length > 0) return { dependsOn };
  return error === undefined ? true : { error };
}

const errorMessage = ({ source }: Expression, error: string): string =>
  `expression '${source.trim()}' resulted in error: ${error}`;

/** The made message, if it is one line of bearable length; else the written one; else what failed. */
function messageOf({ rule, expression, message }: CompiledPolicy['validations'][number], run: Run): string {
  const made = message === undefined ? undefined : run(message);
  if (made !== undefined && 'value' in made && typeof made.value === 'string') {
    const text = made.value.trim();
    if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= messageBytesMax) return text;
  }
  return rule.message?.trim() || `failed expression: ${expression.source.trim()}`;
}
