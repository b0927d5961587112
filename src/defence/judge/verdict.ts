import type { Check, JudgeContext, Manifest, Verdict } from '../contract.ts';
import { definingKinds } from '../snapshot/network-doubts.ts';

/**
 * One check on one object. Whatever a hostile object makes a check throw becomes `not assessed`, and so does every
 * verdict for which a kind was asked that could not be read: absence proves nothing then.
 */
export function judgeOne(check: Check, object: Manifest, context: JudgeContext): Verdict {
  const missing = new Set<string>();
  try {
    const verdict = check.judge(object, context.unread.length === 0 ? context : noting(context, missing));
    const [kind] = missing;
    if (kind === undefined) return verdict;
    return { verdict: 'not assessed', why: couldNot(kind, context.whyUnread(kind)!) };
  } catch (error) {
    return {
      verdict: 'not assessed',
      why: `a field has not the type that the API gives it (${(error as Error).message})`,
    };
  }
}

/** Why a verdict is missing, the same wherever it is told. */
export const couldNot = (kind: string, why: string) => `${kind} could not be read: ${why}`;

/** The context that notes which unread kinds are asked for. */
function noting(context: JudgeContext, missing: Set<string>): JudgeContext {
  const note = (kind: string) => {
    if (context.whyUnread(kind) !== undefined) missing.add(kind);
  };
  return {
    ...context,
    of(kind, namespace) {
      note(kind);
      return context.of(kind, namespace);
    },
    get(ref) {
      note(ref.kind);
      return context.get(ref);
    },
    otherPolicies(namespace) {
      if (!context.closedByDefault) definingKinds.forEach(note);
      return context.otherPolicies(namespace);
    },
  };
}
