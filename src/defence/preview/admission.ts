import { type ObjectRef, refKey, refOf } from '../object-ref.ts';
import { ownersOf } from '../snapshot/owners.ts';
import { type Change, changedRef, type Snapshot } from '../snapshot/snapshot.ts';
import { unreadPodMakers } from '../snapshot/unread-kinds.ts';
import { podOf } from '../workload.ts';
import { type Candidate, candidateKey, candidatesOf, namespaceOf } from './candidates.ts';
import type { Allowance, Impact } from './impact.ts';
import { type Made, refusesMade } from './mutations.ts';
import type { Judged, Previewer, Scope } from './scope.ts';
import { type AskedWebhooks, askedWebhooks } from './webhooks.ts';

/** Why a pod is not let in. `unknown`: it depends on what else there is at that moment. */
export type Refusal = {
  outcome?: 'breaks' | 'unknown';
  why: string;
  by: string[];
  allowance?: () => Allowance | undefined;
};

/** A part of admission: which changes alter its rules and where, and what it refuses under the rules of a snapshot. */
export type AdmissionRule = {
  name: string;
  /** The namespaces for which the change alters the rules. */
  touches(change: Change, before: Snapshot): string[] | 'everywhere';
  /** Made once per snapshot, `before` being the one without the change. */
  refuses(snapshot: Snapshot, before: Snapshot): (candidate: Candidate) => Refusal | undefined;
  /** What is to be told of the rules themselves. */
  ofRules?(scope: Scope): Impact[];
};

/** Holds everything that will make a pod against the rules before and after, where rules or pods change. */
export const admission = (rule: AdmissionRule): Previewer => ({
  name: rule.name,
  concerns: (change, before) =>
    isOfPods(change) || isRemovedPod(change, before) || rule.touches(change, before).length > 0,
  impacts: (scope) => compare(rule, scope),
});

const isOfPods = (change: Change): boolean => 'put' in change && podOf(change.put) !== undefined;

const isRemovedPod = (change: Change, before: Snapshot): boolean =>
  'remove' in change && change.remove.kind === 'Pod' && before.get(change.remove) !== undefined;

/** What will make pods because of the changes: what is written, and controllers whose pods are removed. */
function makingPods(changes: Change[], before: Snapshot): ObjectRef[] {
  const removed = changes.filter((change) => isRemovedPod(change, before)).map(changedRef);
  const written = changes.filter(isOfPods).map(changedRef);
  if (removed.length === 0) return written;
  const owners = ownersOf(before);
  return [...written, ...removed.map((ref) => refOf(owners.topOf(before.get(ref)!)))];
}

function compare(rule: AdmissionRule, scope: Scope): Judged {
  const { before, after, changes } = scope;
  const touched = changes.map((change) => rule.touches(change, before));
  const everywhere = touched.includes('everywhere');
  const namespaces = new Set(touched.flat());
  const making = makingPods(changes, before);
  const changed = new Set(making.map(refKey));
  const around = new Set(making.map(({ namespace }) => namespace || 'default'));
  const isIn = (namespace: string) => everywhere || namespaces.has(namespace);
  const candidates = candidatesOf(after, (namespace) => isIn(namespace) || around.has(namespace)).filter(
    (candidate) => isIn(namespaceOf(candidate.object)) || changed.has(candidateKey(candidate)),
  );
  const old = new Map(candidatesOf(before, isIn).map((candidate) => [candidateKey(candidate), candidate]));
  const [refusedBefore, refusedAfter] = [before, after].map((snapshot) =>
    refusalsIn(snapshot, rule.refuses(snapshot, before)),
  ) as [Judge, Judge];
  const webhooks = askedWebhooks(after);
  const impacts = candidates.flatMap((candidate): Impact[] => {
    const key = candidateKey(candidate);
    const { refusal, doubt: byPolicy } = refusedAfter(candidate, !old.has(key));
    const was = changed.has(key) ? undefined : old.get(key);
    const doubt = candidate.pointer === '' ? undefined : (doubtOf(webhooks, candidate, changed.has(key)) ?? byPolicy);
    const lives = before.get(candidate.subject.ref) !== undefined;
    return impactOf(rule, candidate, {
      ...{ lives, refusal, doubt },
      refusalBefore: was && refusedBefore(was, false).refusal,
    });
  });
  const count = (type: string) => candidates.filter(({ subject }) => subject.type === type).length;
  return {
    impacts: [...impacts, ...(rule.ofRules?.(scope) ?? [])],
    judged: { object: count('object'), template: count('template') },
    notAssessed: everywhere || namespaces.size > 0 ? unreadPodMakers(after).map(notHeld) : [],
  };
}

const notHeld = (kind: string): string =>
  `${kind}: pods that it makes are judged as they live, and its objects are not read`;

type Judge = (candidate: Candidate, isNew: boolean) => Made;

/** A pod that lives is what mutating policies left of it; of a template, and of a new pod, that is to be worked out. */
function refusalsIn(snapshot: Snapshot, refuses: (candidate: Candidate) => Refusal | undefined): Judge {
  const refusesAfterMutation = refusesMade(snapshot, refuses);
  return (candidate, isNew) =>
    candidate.pointer === '' && !isNew ? { refusal: refuses(candidate) } : refusesAfterMutation(candidate);
}

/** A new template nobody was asked about yet; of one that stays it is unknown what is made of it where no pod shows it. */
const doubtOf = (webhooks: AskedWebhooks, candidate: Candidate, isChanged: boolean): string | undefined =>
  isChanged ? webhooks.aboutNew(candidate) : candidate.live === 0 ? webhooks.changing(candidate) : undefined;

type Judgement = {
  lives: boolean;
  refusal: Refusal | undefined;
  refusalBefore: Refusal | undefined;
  doubt: string | undefined;
};

function impactOf(
  rule: AdmissionRule,
  { subject, live, pointer }: Candidate,
  { lives, refusal, refusalBefore, doubt }: Judgement,
): Impact[] {
  if (refusal === undefined && refusalBefore === undefined && doubt !== undefined)
    return [{ outcome: 'unknown', subject, why: `as it is written its next pod is let in; but ${doubt}`, by: [] }];
  if (refusal === undefined && refusalBefore === undefined)
    return [{ outcome: 'safe', subject, why: `${rule.name} lets its next pod in`, by: [] }];
  if (refusal === undefined)
    return [
      {
        outcome: 'opens',
        subject,
        why: `let in from then on; refused now: ${refusalBefore!.why}`,
        by: refusalBefore!.by,
      },
    ];
  if (refusalBefore !== undefined) return [];
  const { outcome = 'breaks', why, by } = refusal;
  const allowance = refusal.allowance?.();
  const podRefused = lives ? 'it runs on; made again it is refused' : 'it is refused';
  const next = live > 0 ? 'what runs runs on; its next pod is refused' : 'its pods are refused';
  return [
    {
      outcome,
      subject,
      why: `${pointer === '' ? podRefused : next}: ${why}`,
      by,
      ...(allowance === undefined ? {} : { allowance }),
    },
  ];
}
