import { createBudget } from '../cel/budget.ts';
import type { KubernetesObject } from '../object.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { compilePolicy } from './compile.ts';
import { type Decision, evaluatePolicies } from './evaluate.ts';
import { requestCostMax } from './limits.ts';
import { isExempt } from './match.ts';
import type { ParamSource } from './params.ts';
import type { PolicyRequest, Unknown } from './request.ts';

/** An object as somebody unknown would write it. */
export type PreviewedObject = Pick<PolicyRequest, 'kind' | 'object'> & {
  object: KubernetesObject;
  operation: 'CREATE' | 'UPDATE';
  /** Of an update; without it what depends on the old object is unknown. */
  oldObject?: KubernetesObject;
  /** The Namespace of the object; without it what depends on that is unknown. */
  namespaceObject?: KubernetesObject;
};

export type Preview =
  | { verdict: 'allowed' /** What would only be warned about or audited. */; warnings: string[] }
  | { verdict: 'denied'; message: string; reason: string; warnings: string[] }
  | { verdict: 'unknown'; why: string; warnings: string[] };

/**
 * What a policy would do with each object if it were bound as given; it is compiled once for all of them. Nothing is guessed: what depends on
 * who asks (`request.userInfo`, `authorizer`), on an old object, a namespace or a parameter that is not given is unknown,
 * unless the rest of the expression decides whatever they are. A refusal that is certain outweighs what is unknown.
 */
export function previewPolicy(
  policy: ValidatingAdmissionPolicy,
  bindings: ValidatingAdmissionPolicyBinding[],
  params: ParamSource,
): (each: PreviewedObject) => Preview {
  const compiled = compilePolicy(policy);
  const bound = bindings
    .filter(({ spec }) => spec.policyName === policy.metadata.name)
    .map((binding) => ({ policy: compiled, binding }));
  return (each) => {
    if (isExempt(each.kind)) return { verdict: 'allowed', warnings: [] };
    const surroundings = { params, unknown: unknownOf(each), budget: createBudget({ costMax: requestCostMax }) };
    return previewOf(evaluatePolicies(bound, requestOf(each), surroundings).decisions);
  };
}

/** What of a request nobody can know. */
export function unknownOf({ kind, operation, oldObject, namespaceObject }: PreviewedObject): Set<Unknown> {
  const unknown = new Set<Unknown>(['request.userInfo', 'authorizer']);
  if (operation === 'UPDATE' && oldObject === undefined) unknown.add('oldObject');
  if (kind.namespaced && namespaceObject === undefined) unknown.add('namespaceObject');
  return unknown;
}

export function requestOf({
  kind,
  operation,
  object,
  oldObject,
  namespaceObject,
}: PreviewedObject): PolicyRequest & { object: KubernetesObject } {
  const { name = '', namespace = '' } = object.metadata;
  const asked = { operation, kind, subresource: '', namespace, name, object, oldObject, namespaceObject };
  return { ...asked, user: { username: '', groups: [] }, dryRun: false };
}

function previewOf(decisions: Decision[]): Preview {
  const warnings = decisions
    .filter(({ outcome, actions }) => outcome === 'deny' && !actions.includes('Deny'))
    .map(({ message }) => message);
  const denying = decisions.filter(({ actions }) => actions.includes('Deny'));
  const denied = denying.find(({ outcome }) => outcome === 'deny');
  if (denied !== undefined) return { verdict: 'denied', message: denied.message, reason: denied.reason, warnings };
  const [doubt] = denying;
  if (doubt === undefined) return { verdict: 'allowed', warnings };
  const needs = [...new Set(denying.flatMap(({ dependsOn }) => dependsOn))];
  return { verdict: 'unknown', why: `depends on ${needs.join(', ')}`, warnings };
}
