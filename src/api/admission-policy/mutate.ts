import type { Budget } from '../cel/budget.ts';
import type { KubernetesObject } from '../object.ts';
import type { MutatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { applyResult } from './apply-result.ts';
import { type Bound, candidates, conditionsOf, errorOf, matchOf, type Run, type Surroundings } from './candidates.ts';
import type { CompiledMutation } from './compile.ts';
import { converted } from './equivalence.ts';
import type { PolicyRequest } from './request.ts';

export type BoundMutation = Bound<CompiledMutation, MutatingAdmissionPolicyBinding>;
type Mutated =
  | { object: KubernetesObject /** What it depends on and is not known: then it may be another. */; doubts: string[] }
  /** Forbidden: what binds the policy is wrong. */
  | { policy: string; binding: string; error: string; reason: 'Forbidden' | 'Invalid' };
type Request = PolicyRequest & { object: KubernetesObject };
type Steps = { object: KubernetesObject; errors: string[]; doubts: string[] };

/**
 * The object as every bound policy that matches wants it, one after the other; those that ask for it see it once more
 * when others changed it after them. Pure: `request.object` is left as it is. An error of a policy that must not fail ends it.
 * Source: k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go.
 */
export function mutateByPolicies(bound: BoundMutation[], request: Request, surroundings: Surroundings): Mutated {
  let asked = request;
  const seen = new Map<BoundMutation, KubernetesObject>();
  const doubts = new Set<string>();
  for (const round of [bound, bound.filter(({ policy }) => policy.reinvoked)])
    for (const each of round) {
      if (seen.get(each) === asked.object) continue;
      const mutated = mutateBy(each, asked, surroundings);
      if ('error' in mutated) return mutated;
      asked = withObject(asked, mutated.object);
      for (const doubt of mutated.doubts) doubts.add(doubt);
      seen.set(each, asked.object);
    }
  return { object: asked.object, doubts: [...doubts] };
}

/** The same request as long as the object is the same: what expressions see of it is made once per request. */
const withObject = (request: Request, object: KubernetesObject): Request =>
  object === request.object ? request : { ...request, object };

function mutateBy(each: BoundMutation, request: Request, surroundings: Surroundings): Mutated {
  const { policy, binding } = each;
  const matched = matchOf(each, request, surroundings);
  if (matched === undefined) return { object: request.object, doubts: [] };
  const { asked } = matched;
  let { object } = asked;
  const doubts: string[] = [];
  for (const candidate of candidates(each, matched, surroundings)) {
    const made: Steps =
      'error' in candidate
        ? { object, errors: [candidate.error], doubts: [] }
        : steps(policy, candidate, withObject(asked, object), surroundings.budget);
    object = made.object;
    doubts.push(...made.doubts);
    const [error] = made.errors;
    if (error !== undefined && policy.failurePolicy === 'Fail') {
      const reason = 'error' in candidate ? 'Forbidden' : 'Invalid';
      return { policy: policy.name, binding: binding.metadata.name, error, reason };
    }
  }
  if (object === asked.object) return { object: request.object, doubts };
  return { object: asked === request ? object : converted(object, asked.kind, request.kind), doubts };
}

type Runnable = { on(request: PolicyRequest): Run; doubts: string[] };

/** Each mutation sees what those before it made, with defaults; one that fails changes nothing. */
function steps(policy: CompiledMutation, { on, doubts }: Runnable, request: Request, budget: Budget): Steps {
  let { object } = request;
  const conditions = conditionsOf(policy, on(request));
  if (conditions === false) return { object, errors: [], doubts: [] };
  if (typeof conditions === 'object' && 'error' in conditions)
    return { object, errors: [conditions.error], doubts: [] };
  const whether = conditions === true ? doubts : [...doubts, ...conditions.dependsOn];
  const errors: string[] = [];
  const unknown: string[] = [];
  const kind = request.subresource === 'scale' ? undefined : request.kind;
  for (const { expression, patchType } of policy.mutations) {
    const ran = on(withObject(request, object))(expression);
    if ('value' in ran)
      try {
        object = applyResult(object, ran.value, patchType, kind, budget);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        errors.push(error.message);
      }
    else if (ran.dependsOn.length > 0) unknown.push(...ran.dependsOn);
    else errors.push(errorOf(expression, ran));
  }
  // what may not be asked for, and would do nothing if it were, is no doubt
  const isIdle = object === request.object && errors.length + unknown.length === 0;
  if (whether.length === 0) return { object, errors, doubts: unknown };
  return { object, errors: [], doubts: isIdle ? [] : [...whether, ...unknown] };
}
