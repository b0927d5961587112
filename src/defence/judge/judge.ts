import { kinds } from '../../api/api.ts';
import type { PodSecurityPolicy } from '../../api/pod-security/pod-security.ts';
import type {
  Check,
  Finding,
  JudgeContext,
  JudgedObject,
  Manifest,
  PatchOperation,
  Severity,
  Unassessed,
} from '../contract.ts';
import { kindName, kindNameOf, objectText } from '../object-ref.ts';
import { doubtAbout, networkDoubts } from '../snapshot/network-doubts.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { isUnchangeable } from '../workload.ts';
import { recheck } from './recheck.ts';
import { couldNot, judgeOne } from './verdict.ts';

/** A failure of one check at one field. */
export type Failure = {
  check: Check;
  judged: JudgedObject;
  finding: Finding;
  severity: Severity;
  /** How many objects that controllers made of it have the same failure. */
  made: number;
  /**
   * The patch, once it was applied to a copy and the check judged that; undefined: only the author can decide, or it
   * lives and no API server would take a change of it.
   */
  mend(): PatchOperation[] | undefined;
};

export type Coverage = { pass: number; fail: number; notApplicable: number; notAssessed: number };
export type Judgement = {
  failures: Failure[];
  unassessed: Unassessed[];
  /** Kinds that a check is about, or asked for, and that could not be read. */
  unreadable: Unassessed[];
  coverage: Map<string, Coverage>;
  /** Judged, with those that controllers made. */
  objects: number;
};

const builtIn = new Set(kinds.map(kindNameOf));

/** What checks may know of a snapshot. Manifests are held against `restricted` when nothing is said. */
export const contextOf = (snapshot: Snapshot, podSecurity?: PodSecurityPolicy): JudgeContext => ({
  ...snapshot,
  podSecurity: podSecurity ?? { level: 'restricted', version: snapshot.minor },
  otherPolicies: (namespace) => doubtAbout(networkDoubts(snapshot), [namespace], true),
});

/** Every check on every object that it is about. Pure, and total: an object that breaks a check is not assessed by it. */
export function judge(objects: JudgedObject[], checks: Check[], context: JudgeContext): Judgement {
  const checksOf = indexByKind(checks);
  const empty = (): Coverage => ({ pass: 0, fail: 0, notApplicable: 0, notAssessed: 0 });
  const judgement: Judgement = {
    ...{ failures: [], unassessed: [], unreadable: [] },
    coverage: new Map(checks.map(({ id }) => [id, empty()])),
    objects: objects.reduce((sum, { made }) => sum + 1 + (made?.length ?? 0), 0),
  };
  for (const judged of objects) {
    const kind = kindName(judged.object);
    const about = checksOf(kind).filter(({ id }) => judged.only === undefined || id === judged.only);
    if (!builtIn.has(kind) && about.every(({ kinds }) => kinds.includes('*')))
      judgement.unassessed.push({ ...placed(judged), why: `kind not known: ${kind}` });
    const told = judgeObject(judgement, judged, about, context, new Map());
    for (const object of judged.made ?? [])
      judgeObject(judgement, { object }, checksOf(kindName(object)), context, told);
  }
  addUnread(judgement, checks, context);
  return judgement;
}

/** What was told of an owner; a failure of what was made of it is counted there instead of told again. */
type Told = Map<string, Failure | undefined>;

/** Adds the verdicts on one object, but for what `byOwner` tells already. Returns what it told. */
function judgeObject(
  judgement: Judgement,
  judged: JudgedObject,
  checks: Check[],
  context: JudgeContext,
  byOwner: Told,
): Told {
  const told: Told = new Map();
  const counted = new Set<Failure>();
  for (const check of checks) {
    const verdict = judgeOne(check, judged.object, context);
    const counts = judgement.coverage.get(check.id)!;
    if (verdict.verdict === 'pass') counts.pass++;
    else if (verdict.verdict === 'not applicable') counts.notApplicable++;
    else if (verdict.verdict === 'not assessed') {
      counts.notAssessed++;
      const key = `${check.id}\n${verdict.why}`;
      if (!byOwner.has(key)) judgement.unassessed.push({ ...placed(judged), check: check.id, why: verdict.why });
      told.set(key, undefined);
    } else {
      counts.fail++;
      for (const finding of verdict.findings) {
        // Without the field: it stands elsewhere in a pod than in its template.
        const key = `${check.id}\n${finding.reason}\n${finding.detail}`;
        const known = byOwner.get(key);
        if (known) counted.add(known);
        else {
          const failure = failureOf(check, judged, finding, context);
          judgement.failures.push(failure);
          told.set(key, failure);
        }
      }
    }
  }
  for (const failure of counted) failure.made++;
  return told;
}

/**
 * What is absent because nobody could read it is no reason to be silent: it is not assessed by each check about it. Of
 * manifests each one is told where it stands.
 */
function addUnread(judgement: Judgement, checks: Check[], { source, unread }: JudgeContext): void {
  if (source === 'manifests') return;
  for (const { kind, why } of unread) {
    const what = `every ${kind}`;
    const named = checks.some(({ kinds }) => kinds.includes(kind));
    const missed = couldNot(kind, why);
    const asked = judgement.unassessed.some((each) => each.why === missed);
    if (named || asked) judgement.unreadable.push({ what, why });
    else judgement.unassessed.push({ what, why });
    for (const { id, kinds } of checks)
      if (kinds.includes(kind) || kinds.includes('*')) {
        judgement.coverage.get(id)!.notAssessed++;
        if (named) judgement.unassessed.push({ what, why, check: id });
      }
  }
}

function indexByKind(checks: Check[]): (kind: string) => Check[] {
  const known = new Map<string, Check[]>();
  return (kind) => {
    const found = known.get(kind) ?? checks.filter(({ kinds }) => kinds.includes(kind) || kinds.includes('*'));
    known.set(kind, found);
    return found;
  };
}

/** The checks that are about an object of this kind. */
export function checksFor(object: Manifest, checks: Check[]): Check[] {
  const kind = kindName(object);
  return checks.filter(({ kinds }) => kinds.includes(kind) || kinds.includes('*'));
}

function failureOf(check: Check, judged: JudgedObject, finding: Finding, context: JudgeContext): Failure {
  const isFixed = context.source === 'cluster' && isUnchangeable(judged.object);
  const mend = () => (isFixed ? undefined : recheck(check, judged.object, finding, context));
  return { check, judged, finding, severity: finding.severity ?? check.severity, made: 0, mend };
}

const placed = ({ object, origin }: JudgedObject) => ({
  what: objectText(object),
  ...(origin ? { file: origin.file, line: origin.lineOf([]) } : {}),
});
