import type { Observations, ObservationType, Window } from '../../api/observations/observation.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { refKey, refText } from '../object-ref.ts';
import { spanText } from '../observations/watched.ts';
import { type Change, changedRef, type Snapshot, withChanges } from '../snapshot/snapshot.ts';
import { worldOfSnapshot } from '../snapshot/world.ts';
import { previewers } from './changes.ts';
import { consequencesOf } from './consequences.ts';
import { type Impact, type ImpactSubject, outcomes, type Preview, type PreviewCoverage } from './impact.ts';
import type { Judged, Previewer, Scope } from './scope.ts';
import { undoOf } from './undo.ts';

/** Observations that ended longer ago than this do not tell of today. */
const staleMs = 24 * 3600 * 1000;

/**
 * What the changes would do to a cluster: to what lives, to what controllers will make, and to what was seen. Pure; the
 * changes are whole objects as they will be (see merge.ts for those that say only a part).
 */
export function preview(snapshot: Snapshot, changes: Change[], observations: Observations, nowMs: number): Preview {
  const last = new Map(changes.map((change) => [refKey(changedRef(change)), change]));
  const effective = [...last.values()].filter((change) => !isIdle(change, snapshot));
  const scope = scopeOf(snapshot, effective, observations, nowMs);
  const judged = previewers
    .filter(({ concerns }) => effective.some((change) => concerns(change, snapshot)))
    .map((previewer) => judgedBy(previewer, scope));
  const { undo, impossible } = undoOf(snapshot, effective);
  const coverage = coverageOf(judged, observations, snapshot, nowMs);
  coverage.notAssessed.push(...unjudged(effective, snapshot), ...unseen(effective, snapshot), ...impossible);
  return { changes, impacts: ordered(judged.flatMap(({ impacts }) => impacts)), coverage, undo };
}

/** Files may hold anything where the API has a type: what cannot be judged is said, and the rest is judged. */
function judgedBy({ name, impacts }: Previewer, scope: Scope): Judged {
  try {
    return impacts(scope);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = `a field has not the type that the API gives it (${(error as Error).message})`;
    return { impacts: [], judged: {}, notAssessed: [`${name}: ${why}`] };
  }
}

/** Does it change nothing at all? */
const isIdle = (change: Change, snapshot: Snapshot): boolean =>
  'put' in change
    ? snapshot.get(changedRef(change)) === change.put
    : snapshot.get(change.remove) === undefined && snapshot.whyUnread(change.remove.kind) === undefined;

function scopeOf(before: Snapshot, changes: Change[], observations: Observations, nowMs: number): Scope {
  const after = withChanges(before, [...consequencesOf(before, changes), ...changes]);
  let worlds: ReturnType<Scope['worlds']> | undefined;
  return {
    ...{ before, after, changes, observations, nowMs },
    worlds: () => {
      worlds ??= { before: worldOfSnapshot(before), after: worldOfSnapshot(after) };
      return worlds;
    },
  };
}

/** `Deployment.apps shop/api`, or what was seen, in words. */
export const subjectText = (subject: ImpactSubject): string => ('ref' in subject ? refText(subject.ref) : subject.text);

/**
 * Worst first; of one subject only the worst is kept, with every reason of that outcome. What opens is told besides:
 * it is another worry than what breaks.
 */
function ordered(impacts: Impact[]): Impact[] {
  const rank = ({ outcome }: Impact) => outcomes.indexOf(outcome);
  const bySubject = Map.groupBy(impacts, ({ subject }) => `${subject.type} ${subjectText(subject)}`);
  const kept = [...bySubject.values()].flatMap((all) => {
    if (all.length === 1) return all;
    const opening = all.filter(({ outcome }) => outcome === 'opens');
    const others = all.filter(({ outcome }) => outcome !== 'opens');
    const worst = Math.min(...others.map(rank));
    const told = distinct(others.filter((impact) => rank(impact) === worst));
    if (worst === outcomes.indexOf('safe')) return opening.length > 0 ? opening : told.slice(0, 1);
    return [...told, ...opening];
  });
  return outcomes.flatMap((outcome) => kept.filter((impact) => impact.outcome === outcome));
}

const distinct = (impacts: Impact[]): Impact[] => [...new Map(impacts.map((impact) => [impact.why, impact])).values()];

function coverageOf(judged: Judged[], { windows }: Observations, before: Snapshot, nowMs: number): PreviewCoverage {
  const sums: Record<string, number> = {};
  for (const { judged: counts } of judged)
    for (const [type, count] of Object.entries(counts)) sums[type] = Math.max(sums[type] ?? 0, count);
  const watched = [...new Set(judged.flatMap(({ watched = [] }) => watched))];
  return {
    judged: sums,
    windows: watched.flatMap((type) => windows[type]),
    notAssessed: [
      ...new Set(judged.flatMap(({ notAssessed = [] }) => notAssessed)),
      ...watched.flatMap((type) => blindSpots(type, windows[type], nowMs)),
      ...(watched.includes('flows') ? blindNodes(windows.flows, before, nowMs) : []),
    ],
  };
}

const seenBy: Record<ObservationType, string> = {
  flows: 'connections',
  calls: 'calls to the API',
  addresses: 'addresses of clients',
  images: 'images that run',
};

function blindSpots(type: ObservationType, windows: Window[], nowMs: number): string[] {
  if (windows.length === 0) return [`${seenBy[type]}: nobody watched them`];
  const ageMs = nowMs - Math.max(...windows.map(({ toMs }) => toMs));
  const lost = windows.reduce((sum, window) => sum + window.lost, 0);
  return [
    ...(ageMs > staleMs ? [`${seenBy[type]}: the watching ended ${spanText(ageMs)} ago`] : []),
    ...(lost > 0 ? [`${seenBy[type]}: at least ${lost} were pushed out by a bound and are not known`] : []),
  ];
}

/** Where nodes tell what they see, those that are there and do not. Of imported files it is not known whose they are. */
function blindNodes(windows: Window[], before: Snapshot, nowMs: number): string[] {
  const seen = Map.groupBy(windows, ({ source }) => source);
  if (![...seen.keys()].some((source) => source.startsWith(nodeSource))) return [];
  return before.of('Node').flatMap(({ metadata: { name } }) => {
    const own = seen.get(`${nodeSource}${name}`) ?? [];
    const ageMs = nowMs - Math.max(...own.map(({ toMs }) => toMs));
    if (ageMs <= staleMs) return [];
    return [
      `${seenBy.flows} of node ${name}: ${own.length === 0 ? 'nobody watched them' : `the watching ended ${spanText(ageMs)} ago`}`,
    ];
  });
}
/** Before its name, in the source of what a node tells. */
const nodeSource = 'node/';

const unjudged = (changes: Change[], before: Snapshot): string[] =>
  changes
    .filter((change) => !previewers.some(({ concerns, partial }) => !partial?.(change) && concerns(change, before)))
    .map((change) => `${refText(changedRef(change))}: what a change of this kind does is not judged`);

/** What is there now is not known: neither can be what changes. */
const unseen = (changes: Change[], before: Snapshot): string[] =>
  changes.map(changedRef).flatMap((ref) => {
    const why = before.whyUnread(ref.kind);
    return why === undefined ? [] : [`${refText(ref)}: what there is of its kind was not read: ${why}`];
  });
