import { type CompiledPolicy, compilePolicy } from '../../api/admission-policy/compile.ts';
import { type BoundValidation, type Decision, evaluatePolicies } from '../../api/admission-policy/evaluate.ts';
import { requestCostMax, requestDurationMaxMs } from '../../api/admission-policy/limits.ts';
import { isExempt } from '../../api/admission-policy/match.ts';
import type { PolicyRequest } from '../../api/admission-policy/request.ts';
import { createBudget } from '../../api/cel/budget.ts';
import type { AuthorizationQuestion } from '../../api/cel/evaluation.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../api/schema/types.d.ts';
import { ApiError, type Reason } from '../../api/status.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { AdmissionPlugin, AdmissionRequest, Authorizer, Lookup } from '../contracts.ts';
import { scaleOf } from '../subresources/scale.ts';
import { refusal } from './about.ts';
import { paramSource } from './policy-params.ts';

const policies = 'validatingadmissionpolicies.admissionregistration.k8s.io';
const bindings = 'validatingadmissionpolicybindings.admissionregistration.k8s.io';

/**
 * Enforces the ValidatingAdmissionPolicies that users have stored and bound.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function validatingAdmissionPolicy(authorize: Authorizer, clock: Clock): AdmissionPlugin {
  const boundPolicies = boundPoliciesOf();
  return {
    name: 'ValidatingAdmissionPolicy',
    validate(request) {
      const bound = boundPolicies(request.lookup);
      if (bound.length === 0 || isExempt(request.kind)) return;
      const { decisions, annotations } = evaluatePolicies(bound, policyRequest(request), {
        params: paramSource(request.lookup),
        authorize: (question) => authorize(attributesOf(question, request)),
        budget: createBudget({
          costMax: requestCostMax,
          deadlineMs: clock.monotonicMs() + requestDurationMaxMs,
          monotonicMs: () => clock.monotonicMs(),
        }),
      });
      annotate(annotations, request);
      for (const decision of decisions) if (decision.actions.includes('Warn')) request.warn(warningOf(decision));
      audit(decisions, request);
      const denied = decisions.find(({ actions }) => actions.includes('Deny'));
      if (denied !== undefined) throw denialOf(denied, request);
    },
  };
}

/** Every policy with each of its bindings, made anew when one of them was written. A policy is compiled once. */
function boundPoliciesOf(): (lookup: Lookup) => BoundValidation[] {
  const compiled = new WeakMap<KubernetesObject, CompiledPolicy>();
  let version = -1;
  let bound: BoundValidation[] = [];
  return (lookup) => {
    const now = lookup.version(policies) + lookup.version(bindings);
    if (now === version) return bound;
    const byName = new Map(lookup.list(policies).map((policy) => [policy.metadata.name, policy]));
    bound = (lookup.list(bindings) as ValidatingAdmissionPolicyBinding[]).flatMap((binding) => {
      const policy = byName.get(binding.spec.policyName);
      if (policy === undefined) return [];
      const known = compiled.get(policy) ?? compilePolicy(policy as ValidatingAdmissionPolicy);
      compiled.set(policy, known);
      return [{ policy: known, binding }];
    });
    version = now;
    return bound;
  };
}

function policyRequest({ kind, subresource, object, old, lookup, ...rest }: AdmissionRequest): PolicyRequest {
  const { operation, namespace, name, user, dryRun } = rest;
  const shown = (whole: KubernetesObject | undefined) =>
    whole !== undefined && subresource === 'scale' ? scaleOf(kind, whole) : whole;
  const namespaceObject = kind.namespaced ? lookup.get('namespaces', '', namespace) : undefined;
  const asked = { operation, kind, subresource, namespace, name, user, dryRun, namespaceObject };
  return { ...asked, object: shown(object), oldObject: shown(old) };
}

function attributesOf(
  { path, serviceAccount, ...asked }: AuthorizationQuestion,
  { user: requester }: AdmissionRequest,
) {
  const { namespace, name } = serviceAccount ?? { namespace: '', name: '' };
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const account = { username: `system:serviceaccount:${namespace}:${name}`, groups };
  const user = serviceAccount === undefined ? requester : account;
  return { ...asked, user, version: '*', ...(path === undefined ? {} : { nonResourcePath: path }) };
}

/** Texts as upstream's validating/dispatcher.go has them: scripts look for them. */
const warningOf = ({ policy, binding, message }: Decision): string =>
  `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`;

function denialOf({ policy, binding, message, reason }: Decision, request: AdmissionRequest): ApiError {
  const text = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${message}`;
  const { message: whole, details } = refusal(request, text);
  return new ApiError(reason as Reason, whole, { ...details, causes: [{ message: text }] });
}

function annotate(annotations: { policy: string; key: string; value: string }[], request: AdmissionRequest): void {
  const values = new Map<string, Set<string>>();
  for (const { policy, key, value } of annotations) {
    const name = `${policy}/${key}`;
    values.set(name, (values.get(name) ?? new Set()).add(value));
  }
  for (const [name, all] of values) request.annotate(name, [...all].join(', '));
}

function audit(decisions: Decision[], request: AdmissionRequest): void {
  const failures = decisions
    .filter(({ actions }) => actions.includes('Audit'))
    .map(({ policy, binding, message, validation, actions }) => ({
      ...{ message, policy, binding, expressionIndex: validation, validationActions: actions },
    }));
  if (failures.length > 0)
    request.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(failures));
}
