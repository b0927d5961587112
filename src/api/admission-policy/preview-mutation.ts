import { createBudget } from '../cel/budget.ts';
import { jsonDifference } from '../merge/json-difference.ts';
import type { JsonPatchOperation } from '../merge/merge.ts';
import type { KubernetesObject } from '../object.ts';
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { compileMutation } from './compile.ts';
import { requestCostMax } from './limits.ts';
import { isExempt } from './match.ts';
import { mutateByPolicies } from './mutate.ts';
import type { ParamSource } from './params.ts';
import { type PreviewedObject, requestOf, unknownOf } from './preview.ts';

/** What the policies make of an object, and the patch that says it: an empty one when they leave it as it is. */
export type MutationPreview =
  | { verdict: 'known'; object: KubernetesObject; patch: JsonPatchOperation[] }
  | { verdict: 'denied'; message: string }
  /** What becomes of it if whatever is unknown asks for it. */
  | { verdict: 'unknown'; why: string; object: KubernetesObject; patch: JsonPatchOperation[] };

/**
 * What all these policies together would make of each object, with the API's defaults, in the order in which a server asks
 * them: that of their bindings. As in `previewPolicy` nothing is guessed.
 */
export function previewMutations(
  policies: MutatingAdmissionPolicy[],
  bindings: MutatingAdmissionPolicyBinding[],
  params: ParamSource,
): (each: PreviewedObject) => MutationPreview {
  const compiled = new Map(policies.map((policy) => [policy.metadata.name, compileMutation(policy)]));
  const byName = bindings.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
  const bound = byName.flatMap((binding) => {
    const policy = compiled.get(binding.spec?.policyName ?? '');
    return policy === undefined ? [] : [{ policy, binding }];
  });
  return (each) => {
    if (bound.length === 0 || isExempt(each.kind)) return { verdict: 'known', object: each.object, patch: [] };
    const object = structuredClone(each.object);
    each.kind.defaults(object);
    const surroundings = { params, unknown: unknownOf(each), budget: createBudget({ costMax: requestCostMax }) };
    const made = mutateByPolicies(bound, requestOf({ ...each, object }), surroundings);
    if ('error' in made) {
      const { policy, binding, error } = made;
      return { verdict: 'denied', message: `policy '${policy}' with binding '${binding}' denied request: ${error}` };
    }
    const patch = jsonDifference(object, made.object);
    const result = { object: patch.length === 0 ? each.object : made.object, patch };
    if (made.doubts.length === 0) return { verdict: 'known', ...result };
    return { verdict: 'unknown', why: `depends on ${made.doubts.join(', ')}`, ...result };
  };
}
