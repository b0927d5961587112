import { type Budget, BudgetError, createBudget } from '../cel/budget.ts';
import type { AuthorizationAnswer, AuthorizationQuestion } from '../cel/evaluation.ts';
import type { Expression } from '../cel/expression.ts';
import { expressionCostMax } from '../cel/limits.ts';
import type { KubernetesObject, ObjectMeta } from '../object.ts';
import type { MatchResources, ParamKind, ParamRef } from '../schema/types.d.ts';
import { activationOf, withParams } from './activation.ts';
import { evaluationCost } from './limits.ts';
import { asMatched, matchesResources } from './match.ts';
import { type ParamSource, paramsOf } from './params.ts';
import type { PolicyRequest, Unknown } from './request.ts';
import { withVariables } from './variables.ts';

/** What validating and mutating policies have in common. */
export type Policy = {
  name: string;
  failurePolicy: 'Fail' | 'Ignore';
  matchConstraints: MatchResources | undefined;
  paramKind: ParamKind | undefined;
  matchConditions: { name: string; expression: Expression }[];
  variables: { name: string; expression: Expression }[];
};
export type Binding = {
  metadata: ObjectMeta;
  spec?: { policyName?: string; matchResources?: MatchResources; paramRef?: ParamRef };
};

/** A policy and one of its bindings. */
export type Bound<P extends Policy = Policy, B extends Binding = Binding> = { policy: P; binding: B };

/** What an evaluation may ask, and what it may cost. */
export type Surroundings = {
  params: ParamSource;
  authorize?(question: AuthorizationQuestion): AuthorizationAnswer;
  /** For all policies of the request together. */
  budget: Budget;
  /** Nothing is unknown to a server. */
  unknown?: ReadonlySet<Unknown>;
};

/** An expression evaluated; of an error that comes from something unknown, what that is. */
type Ran = { value: unknown } | { error: string; dependsOn: string[] };
export type Run = (expression: Expression) => Ran;

/** One evaluation of a policy that matches, with one parameter; or why there can be none. */
export type Candidate =
  | { error: string /** The policy is wrong whatever binds it. */; ofPolicy?: boolean }
  | { /** The same on another request. */ on(request: PolicyRequest): Run; doubts: string[] };

/** A request as the policy sees it that it matches, and what that depends on and is not known. */
export type Matched<R extends PolicyRequest = PolicyRequest> = { asked: R; doubts: string[] };

/** Undefined when the policy or its binding does not match: each is held against the request as it was sent, as upstream. */
export function matchOf<R extends PolicyRequest>(
  { policy, binding }: Bound,
  request: R,
  { unknown = new Set() }: Surroundings,
): Matched<R> | undefined {
  const ofPolicy = matchesResources(policy.matchConstraints, request, unknown);
  if (ofPolicy === false) return undefined;
  const ofBinding = matchesResources(binding.spec?.matchResources, request, unknown);
  if (ofBinding === false) return undefined;
  const isSure = ofPolicy === true && ofBinding === true;
  const asked = asMatched(policy.matchConstraints, request) as R;
  return { asked, doubts: isSure ? [] : ['which resources the policy selects'] };
}

/** The evaluations of a bound policy that matches. */
export function* candidates(
  { policy, binding }: Bound,
  { asked, doubts }: Matched,
  surroundings: Surroundings,
): Generator<Candidate> {
  const found = paramsOf(policy.paramKind, binding.spec?.paramRef, asked, surroundings.params);
  if ('error' in found) {
    const { error, ofPolicy = false } = found;
    yield { error: `failed to configure ${ofPolicy ? 'policy' : 'binding'}: ${error}`, ofPolicy };
    return;
  }
  for (const params of found.params) {
    const error = unaffordable(surroundings.budget);
    if (error !== undefined) yield { error };
    else yield { doubts, on: (request) => runner(policy, request, params, surroundings) };
  }
}

function unaffordable(budget: Budget): string | undefined {
  try {
    budget.spend(evaluationCost);
    return undefined;
  } catch (error) {
    if (error instanceof BudgetError) return `too many policies, bindings and parameters: ${error.message}`;
    throw error;
  }
}

function runner(
  policy: Policy,
  request: PolicyRequest,
  params: KubernetesObject | null | 'unknown',
  { budget: parent, authorize, unknown = new Set() }: Surroundings,
): Run {
  const budget = createBudget({ costMax: expressionCostMax, parent });
  const evaluation = { budget, ...(authorize ? { authorize } : {}) };
  const given = withParams(activationOf(request, unknown), params);
  const { bindings, touched } = withVariables(given, policy.variables, evaluation);
  return (expression) => {
    touched.clear();
    const outcome = expression.evaluate(bindings, evaluation);
    return 'value' in outcome ? outcome : { ...outcome, dependsOn: [...touched] };
  };
}

/** Whether all conditions of a policy are true; one that is false decides before any error does. */
export function conditionsOf(
  { matchConditions }: Policy,
  run: Run,
): boolean | { error: string } | { dependsOn: string[] } {
  const dependsOn: string[] = [];
  const errors: string[] = [];
  for (const { expression } of matchConditions) {
    const ran = run(expression);
    if ('value' in ran && typeof ran.value === 'boolean') {
      if (!ran.value) return false;
    } else if ('error' in ran && ran.dependsOn.length > 0) dependsOn.push(...ran.dependsOn);
    else errors.push(errorOf(expression, ran));
  }
  if (dependsOn.length > 0) return { dependsOn };
  if (errors.length === 0) return true;
  return { error: errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]` };
}

/** Why there is no verdict: an error, or a result of the wrong type. */
export const errorOf = ({ source }: Expression, ran: Ran): string =>
  `expression '${source.trim()}' resulted in error: ${'error' in ran ? ran.error : 'the result has the wrong type'}`;
