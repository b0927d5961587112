import { engine } from '../../api/admission-policy/engine.ts';
import type { BoundValidation, Decision } from '../../api/admission-policy/evaluate.ts';
import { isExempt } from '../../api/admission-policy/match.ts';
import type { ValidatingAdmissionPolicy } from '../../api/schema/types.d.ts';
import { ApiError, type Reason } from '../../api/status.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from '../contracts.ts';
import { refusal } from './about.ts';
import { boundPolicies, policyRequest, surroundingsOf } from './policy-surroundings.ts';

/**
 * Enforces the ValidatingAdmissionPolicies that users have stored and bound.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function validatingAdmissionPolicy(authorize: Authorizer, clock: Clock): AdmissionPlugin {
  const compile = (policy: object) => engine.compile.compilePolicy(policy as ValidatingAdmissionPolicy);
  const bound = boundPolicies<BoundValidation['policy'], BoundValidation['binding']>('validatingadmission', compile);
  return {
    name: 'ValidatingAdmissionPolicy',
    validate(request) {
      const policies = bound(request.lookup);
      if (policies.length === 0 || isExempt(request.kind)) return;
      const surroundings = surroundingsOf(request, authorize, clock);
      const { decisions, annotations } = engine.evaluate.evaluatePolicies(
        policies,
        policyRequest(request),
        surroundings,
      );
      annotate(annotations, request);
      for (const decision of decisions) if (decision.actions.includes('Warn')) request.warn(warningOf(decision));
      audit(decisions, request);
      const denied = decisions.find(({ actions }) => actions.includes('Deny'));
      if (denied !== undefined) throw denialOf(denied, request);
    },
  };
}

/** Texts as upstream's validating/dispatcher.go has them: scripts look for them. */
const warningOf = ({ policy, binding, message }: Decision): string =>
  `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`;

function denialOf({ policy, binding, message, reason }: Decision, request: AdmissionRequest): ApiError {
  const bound = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${bound} denied request: ${message}`;
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
