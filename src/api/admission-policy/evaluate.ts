import type { ValidatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { type Bound, candidates, conditionsOf, errorOf, matchOf, type Run, type Surroundings } from './candidates.ts';
import type { CompiledPolicy } from './compile.ts';
import { annotationBytesMax, messageBytesMax } from './limits.ts';
import type { PolicyRequest } from './request.ts';

export type BoundValidation = Bound<CompiledPolicy, ValidatingAdmissionPolicyBinding>;

/** One validation that failed, or of which it is not known. What passes is not reported. */
export type Decision = {
  policy: string;
  /** Undefined when the policy is wrong whatever binds it. */
  binding: string | undefined;
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
export function evaluatePolicies(
  bound: BoundValidation[],
  request: PolicyRequest,
  surroundings: Surroundings,
): Evaluated {
  const result: Evaluated = { decisions: [], annotations: [] };
  for (const each of bound) {
    const matched = matchOf(each, request, surroundings);
    if (matched === undefined) continue;
    for (const candidate of candidates(each, matched, surroundings)) {
      const { policy, binding } = each;
      const named = { policy: policy.name, binding: binding.metadata.name };
      const base = { ...named, reason: 'Invalid', actions: binding.spec.validationActions, validation: 0 };
      if ('error' in candidate) {
        // what is wrong with a binding denies whatever its actions are
        if (policy.failurePolicy === 'Fail')
          result.decisions.push({
            ...{ ...base, ...decided(candidate.error, []), actions: ['Deny'] },
            binding: candidate.ofPolicy ? undefined : base.binding,
          });
      } else judge(policy, candidate.on(matched.asked), candidate.doubts, base, result);
    }
  }
  return result;
}

type Base = Pick<Decision, 'policy' | 'binding' | 'reason' | 'actions' | 'validation'>;

const decided = (message: string, dependsOn: string[]) => ({
  ...{ message, dependsOn, outcome: dependsOn.length > 0 ? ('unknown' as const) : ('deny' as const) },
});

function judge(
  policy: CompiledPolicy,
  run: Run,
  doubts: string[],
  base: Base,
  { decisions, annotations }: Evaluated,
): void {
  const fails = policy.failurePolicy === 'Fail';
  const conditions = conditionsOf(policy, run);
  if (conditions === false) return;
  if (typeof conditions === 'object' && 'error' in conditions) {
    if (fails) decisions.push({ ...base, ...decided(conditions.error, doubts) });
    return;
  }
  const uncertain = conditions === true ? doubts : [...doubts, ...conditions.dependsOn];
  policy.validations.forEach((validation, index) => {
    const ran = run(validation.expression);
    if ('value' in ran && ran.value === true) return;
    const at = { ...base, reason: validation.rule.reason ?? 'Invalid', validation: index };
    if ('value' in ran && ran.value === false)
      decisions.push({ ...at, ...decided(messageOf(validation, run), uncertain) });
    else {
      const needs = 'error' in ran ? ran.dependsOn : [];
      const why = [...uncertain, ...needs];
      if (fails || needs.length > 0) decisions.push({ ...at, ...decided(errorOf(validation.expression, ran), why) });
    }
  });
  for (const { key, expression } of policy.auditAnnotations) {
    const ran = run(expression);
    if ('value' in ran && (ran.value === null || ran.value === '')) continue;
    if ('value' in ran && typeof ran.value === 'string')
      annotations.push({ policy: policy.name, key, value: cut(ran.value) });
    else if (fails) {
      const why = [...uncertain, ...('error' in ran ? ran.dependsOn : [])];
      decisions.push({ ...base, ...decided(errorOf(expression, ran), why) });
    }
  }
}

const cut = (text: string): string => Buffer.from(text).subarray(0, annotationBytesMax).toString();

/** The made message, if it is one line of bearable length; else the written one; else what failed. */
function messageOf({ rule, expression, message }: CompiledPolicy['validations'][number], run: Run): string {
  const made = message === undefined ? undefined : run(message);
  if (made !== undefined && 'value' in made && typeof made.value === 'string') {
    const text = made.value.trim();
    if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= messageBytesMax) return text;
  }
  return rule.message?.trim() || `failed expression: ${expression.source.trim()}`;
}
