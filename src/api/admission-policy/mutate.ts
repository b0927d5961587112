import type { Budget } from '../cel/budget.ts';
import type { KubernetesObject } from '../object.ts';
import type { MutatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { applyResult } from './apply-result.ts';
import { type Bound, candidates, conditionsOf, errorOf, type Run, type Surroundings } from './candidates.ts';
import type { CompiledMutation } from './compile.ts';
import type { PolicyRequest } from './request.ts';

export type BoundMutation = Bound<CompiledMutation, MutatingAdmissionPolicyBinding>;
export type Mutated = { object: KubernetesObject } | { policy: string; binding: string; error: string };
type Request = PolicyRequest & { object: KubernetesObject };
type Steps = { object: KubernetesObject; errors: string[] };

/**
 * The object as every bound policy that matches wants it, one after the other; those that ask for it see it once more
 * when others changed it after them. Pure: `request.object` is left as it is. An error of a policy that must not fail ends it.
 * Source: k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go.
 */
export function mutateByPolicies(bound: BoundMutation[], request: Request, surroundings: Surroundings): Mutated {
  let { object } = request;
  const seen = new Map<BoundMutation, KubernetesObject>();
  for (const round of [bound, bound.filter(({ policy }) => policy.reinvoked)])
    for (const each of round) {
      if (seen.get(each) === object) continue;
      const mutated = mutateBy(each, { ...request, object }, surroundings);
      if ('error' in mutated) return mutated;
      object = mutated.object;
      seen.set(each, object);
    }
  return { object };
}

function mutateBy(each: BoundMutation, request: Request, surroundings: Surroundings): Mutated {
  const { policy, binding } = each;
  let { object } = request;
  for (const candidate of candidates(each, request, surroundings)) {
    const made: Steps =
      'error' in candidate
        ? { object, errors: [candidate.error] }
        : steps(policy, candidate.on, { ...request, object }, surroundings.budget);
    object = made.object;
    const [error] = made.errors;
    if (error !== undefined && policy.failurePolicy === 'Fail')
      return { policy: policy.name, binding: binding.metadata.name, error };
  }
  return { object };
}

/** Each mutation sees what those before it made, with defaults; one that fails changes nothing. */
function steps(policy: CompiledMutation, on: (request: PolicyRequest) => Run, request: Request, budget: Budget): Steps {
  let { object } = request;
  const conditions = conditionsOf(policy, on(request));
  if (conditions === false) return { object, errors: [] };
  if (conditions !== true)
    return { object, errors: ['error' in conditions ? conditions.error : 'it depends on something unknown'] };
  const errors: string[] = [];
  const kind = request.subresource === 'scale' ? undefined : request.kind;
  for (const mutation of policy.mutations) {
    const ran = on({ ...request, object })(mutation.expression);
    if ('error' in ran) errors.push(errorOf(mutation.expression, ran));
    else
      try {
        object = applyResult(object, ran.value, mutation.patchType, kind, budget);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        errors.push(error.message);
      }
  }
  return { object, errors };
}
