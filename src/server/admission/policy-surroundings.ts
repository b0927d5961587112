import type { Binding, Bound, Policy, Surroundings } from '../../api/admission-policy/candidates.ts';
import { requestCostMax, requestDurationMaxMs } from '../../api/admission-policy/limits.ts';
import type { PolicyRequest } from '../../api/admission-policy/request.ts';
import { createBudget } from '../../api/cel/budget.ts';
import type { AuthorizationQuestion } from '../../api/cel/evaluation.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { serviceAccountUser } from '../../api/rbac/identity.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { AdmissionRequest, Authorizer, Lookup } from '../contracts.ts';
import { scaleOf } from '../subresources/scale.ts';
import { paramSource } from './policy-params.ts';

const group = 'admissionregistration.k8s.io';

/** Every stored policy with each of its bindings, made anew when one was written; each policy is compiled once. */
export function boundPolicies<P extends Policy, B extends Binding>(
  resource: string,
  compile: (policy: KubernetesObject) => P,
): (lookup: Lookup) => Bound<P, B>[] {
  const policies = `${resource}policies.${group}`;
  const bindings = `${resource}policybindings.${group}`;
  const compiled = new WeakMap<KubernetesObject, P>();
  let version = -1;
  let bound: Bound<P, B>[] = [];
  return (lookup) => {
    const now = lookup.version(policies) + lookup.version(bindings);
    if (now === version) return bound;
    const byName = new Map(lookup.list(policies).map((policy) => [policy.metadata.name, policy]));
    bound = lookup.list(bindings).flatMap((binding) => {
      const policy = byName.get(binding['spec']?.policyName);
      if (policy === undefined) return [];
      const known = compiled.get(policy) ?? compile(policy);
      compiled.set(policy, known);
      return [{ policy: known, binding: binding as unknown as B }];
    });
    version = now;
    return bound;
  };
}

export function surroundingsOf(request: AdmissionRequest, authorize: Authorizer, clock: Clock): Surroundings {
  const deadlineMs = clock.monotonicMs() + requestDurationMaxMs;
  return {
    params: paramSource(request.lookup),
    authorize: (question) => authorize(attributesOf(question, request)),
    budget: createBudget({ costMax: requestCostMax, deadlineMs, monotonicMs: () => clock.monotonicMs() }),
  };
}

export function policyRequest(request: AdmissionRequest): PolicyRequest {
  const { operation, kind, subresource, namespace, name, object, oldObject, user, dryRun, lookup } = request;
  const shown = (whole: KubernetesObject | undefined) =>
    whole !== undefined && subresource === 'scale' ? scaleOf(kind, whole) : whole;
  const namespaceObject = kind.namespaced ? lookup.get('namespaces', '', namespace) : undefined;
  const asked = { operation, kind, subresource, namespace, name, user, dryRun, namespaceObject };
  return { ...asked, object: shown(object), oldObject: shown(oldObject) };
}

function attributesOf(
  { path, serviceAccount, ...asked }: AuthorizationQuestion,
  { user: requester }: AdmissionRequest,
) {
  const user =
    serviceAccount === undefined ? requester : serviceAccountUser(serviceAccount.namespace, serviceAccount.name);
  return { ...asked, user, version: '*', ...(path === undefined ? {} : { nonResourcePath: path }) };
}
