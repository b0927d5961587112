import { engine } from '../../../api/admission-policy/engine.ts';
import type { MutationPreview } from '../../../api/admission-policy/preview-mutation.ts';
import { jsonDifference } from '../../../api/merge/json-difference.ts';
import { type JsonPatchOperation, jsonPatch } from '../../../api/merge/merge.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../api/schema/types.d.ts';
import { equalJson } from '../../../foundation/json.ts';
import type { Manifest } from '../../contract.ts';
import { refKey, refText } from '../../object-ref.ts';
import { type Change, changedRef, type Snapshot, withChanges } from '../../snapshot/snapshot.ts';
import type { AdmissionRule } from '../admission.ts';
import type { Impact } from '../impact.ts';
import { mutationsIn } from '../mutations.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';
import { paramsIn, type Written, writtenBefore, writtenIn } from '../written.ts';
import { policyChanges, unreadIn } from './admission-policies.ts';
import { limitRangeRule } from './limit-range.ts';
import { podSecurityRule } from './pod-security.ts';
import { resourceQuotaRule } from './resource-quota.ts';

const group = 'admissionregistration.k8s.io';
const { policyKind, bindingKind, previewer, changedPolicies } = policyChanges('MutatingAdmissionPolicy');

/** What is asked after the mutations, of every pod. */
const rules: AdmissionRule[] = [podSecurityRule, limitRangeRule, resourceQuotaRule];

/** Users' mutating policies: what becomes of everything that lives as if it were written again, and of every pod to come. */
export const mutatingAdmissionPolicy: Previewer = previewer(judgeMutations);

function judgeMutations(scope: Scope): Judged {
  const { before, changes } = scope;
  const names = [...changedPolicies(changes, before)];
  const everything = names.length > 0;
  const [was, will] = [mutationsIn(before), mutationsIn(scope.after)];
  const changed = new Set(changes.map((change) => refKey(changedRef(change))));
  const all = writtenIn(scope.after, before, changed);
  const written = all.filter(({ isChanged }) => everything || isChanged);
  const after = withMutatedTemplates(scope.after, all, will);
  const made = new Map(writtenIn(after, before, changed).map((each) => [keyOf(each), each]));
  const by = names.map((name) => refText({ kind: policyKind, namespace: '', name }));
  const judge = refusalsIn(after, before);
  const earlier = writtenBefore(written, before, changes);
  const impacts = written.flatMap((each, index): Impact[] => {
    const now = madeOf(each, made.get(keyOf(each)) ?? each, will);
    const old = each.isChanged && !everything ? asItIs(each) : was(earlier[index]!);
    return isSame(old, now) ? [] : impactOf(each, old, now, by, judge);
  });
  const unread = unreadIn(before, [policyKind, bindingKind]);
  return {
    impacts,
    judged: { object: written.length },
    notAssessed: [...unread, ...(everything ? ['what running programs make of what is changed on them'] : [])],
  };
}

const asItIs = ({ object }: Written): MutationPreview => ({ verdict: 'known', object, patch: [] });

const isSame = (old: MutationPreview, now: MutationPreview): boolean =>
  old.verdict === now.verdict && ('patch' in old && 'patch' in now ? equalJson(old.patch, now.patch) : true);

const keyOf = ({ subject, kind, operation }: Written): string => `${refKey(subject.ref)} ${kind.kind} ${operation}`;

/** A controller that is changed when it is next written makes other pods from then on. */
function withMutatedTemplates(after: Snapshot, written: Written[], will: (each: Written) => MutationPreview): Snapshot {
  const puts = written.flatMap((each): Change[] => {
    if (each.subject.type !== 'template' || each.candidate !== undefined || each.isBetween) return [];
    const made = will(each);
    return made.verdict === 'known' && made.patch.length > 0 ? [{ put: patched(each.object, made) }] : [];
  });
  return puts.length === 0 ? after : withChanges(after, puts);
}

/** As it was written but for the patch, which may need what only the API fills in. */
function patched(object: object, { object: whole, patch }: { object: object; patch: JsonPatchOperation[] }): Manifest {
  try {
    return jsonPatch(structuredClone(object), patch) as Manifest;
  } catch {
    return whole as Manifest;
  }
}

/** What becomes of something; of a pod from a template that is changed itself, with what is changed there. */
function madeOf(each: Written, made: Written, will: (each: Written) => MutationPreview): MutationPreview {
  const isMade = each.candidate !== undefined && each.candidate.pointer !== '';
  const now = will(isMade ? made : each);
  if (!isMade || now.verdict === 'denied') return now;
  return { ...now, patch: [...jsonDifference(each.object, made.object), ...now.patch] };
}

type Judge = (each: Written) => { why: string; by: string[] } | undefined;

/** Why an object would not be let in by what is asked after the mutations. */
function refusalsIn(after: Snapshot, before: Snapshot): Judge {
  const asked = rules.map((rule) => rule.refuses(after, before));
  const kind = `ValidatingAdmissionPolicy.${group}`;
  const bindings = after.of(`ValidatingAdmissionPolicyBinding.${group}`);
  const policies = after.of(kind).map((policy) => ({
    by: [refText({ kind, namespace: '', name: policy.metadata.name })],
    preview: engine.preview.previewPolicy(
      policy as unknown as ValidatingAdmissionPolicy,
      bindings as unknown as ValidatingAdmissionPolicyBinding[],
      paramsIn(after),
    ),
  }));
  return (each) => {
    for (const { by, preview } of policies) {
      const verdict = preview(each);
      if (verdict.verdict === 'denied') return { why: verdict.message, by };
    }
    const { candidate, object } = each;
    if (candidate === undefined) return undefined;
    const pod = { ...candidate, pod: object as Manifest };
    for (const refuses of asked) {
      const refusal = refuses(pod);
      if (refusal !== undefined && refusal.outcome !== 'unknown') return refusal;
    }
    return undefined;
  };
}

function impactOf(each: Written, old: MutationPreview, now: MutationPreview, by: string[], judge: Judge): Impact[] {
  const { subject } = each;
  const tell = (outcome: Impact['outcome'], why: string, more: string[] = []): Impact[] => [
    { outcome, subject, why, by: [...by, ...more] },
  ];
  if (now.verdict === 'denied')
    return old.verdict === 'denied' ? [] : tell('breaks', `refused when it is next written: ${now.message}`);
  const patch = patchText(now.patch);
  if (now.verdict === 'unknown')
    return tell('unknown', `whether it is changed when it is next written ${now.why}; it would be: ${patch}`);
  const refusal = judge({ ...each, object: now.object });
  const refusalBefore = old.verdict === 'denied' ? { why: old.message } : judge({ ...each, object: old.object });
  const becomes = now.patch.length === 0 ? 'no longer changed' : `changed: ${patch}`;
  if (refusal !== undefined && refusalBefore === undefined)
    return tell('breaks', `refused when it is next written, because it is ${becomes}: ${refusal.why}`, refusal.by);
  if (refusal === undefined && refusalBefore !== undefined)
    return tell('opens', `let in from then on, because it is ${becomes}; refused now: ${refusalBefore.why}`);
  const isNextPod = each.candidate !== undefined && each.candidate.pointer !== '';
  return tell('changes', `${isNextPod ? 'its next pod is' : 'when it is next written it is'} ${becomes}`);
}

const operationsMost = 5;
const valueLengthMost = 120;

/** What is changed, as a JSON patch: the first operations of it. */
function patchText(patch: JsonPatchOperation[]): string {
  if (patch.length === 0) return 'nothing';
  const operations = patch.slice(0, operationsMost).map(({ op, path, value }) => {
    const text = value === undefined ? '' : ` ${JSON.stringify(value)}`;
    return `${op} ${path}${text.length > valueLengthMost ? `${text.slice(0, valueLengthMost)}…` : text}`;
  });
  const more = patch.length - operationsMost;
  return [...operations, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
