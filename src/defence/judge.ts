import { applyPatch, type Operation } from 'rfc6902';
import { kinds } from '../api/api.ts';
import type { PodSecurityPolicy } from '../api/pod-security/pod-security.ts';
import type { Check, Finding, JudgeContext, Manifest, PatchOperation, Severity, Verdict } from './contract.ts';
import { formatField } from './field.ts';
import { kindName } from './workload.ts';

/** Where an object was read; absent for objects of a live cluster. Lines count from 1. */
export type Origin = { file: string; document: number; lineOf(field: (string | number)[]): number };
export type Subject = { object: Manifest; origin?: Origin };

/** A failure of one check at one field. */
export type Failure = {
  check: Check;
  subject: Subject;
  finding: Finding;
  severity: Severity;
  /** The patch, once it was applied to a copy and the check judged that; undefined: only the author can decide. */
  mend(): PatchOperation[] | undefined;
};

export type Coverage = { pass: number; fail: number; notApplicable: number; notAssessed: number };
/** Something that got no verdict. `check` absent: no check at all could judge it. */
export type Unassessed = { what: string; why: string; file?: string; line?: number; check?: string };
export type Judgement = {
  failures: Failure[];
  unassessed: Unassessed[];
  coverage: Map<string, Coverage>;
  objects: number;
};

const builtIn = new Set(kinds.map(({ group, kind }) => (group === '' ? kind : `${kind}.${group}`)));

/** What checks may know, from a fixed set of objects. */
export function createContext(
  objects: Manifest[],
  { source, minor, podSecurity }: { source: JudgeContext['source']; minor: number; podSecurity?: PodSecurityPolicy },
): JudgeContext {
  const byKind = Map.groupBy(objects, kindName);
  const byPlace = Map.groupBy(objects, (object) => `${kindName(object)} ${object.metadata.namespace ?? ''}`);
  return {
    source,
    minor,
    podSecurity: podSecurity ?? { level: 'restricted', version: minor },
    of: (kind, namespace) => (namespace === undefined ? byKind.get(kind) : byPlace.get(`${kind} ${namespace}`)) ?? [],
  };
}

/** Every check on every object that it is about. Pure, and total: an object that breaks a check is not assessed by it. */
export function judge(subjects: Subject[], checks: Check[], context: JudgeContext): Judgement {
  const byKind = new Map<string, Check[]>();
  for (const check of checks) for (const kind of check.kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), check]);
  const everywhere = byKind.get('*') ?? [];
  const empty = (): Coverage => ({ pass: 0, fail: 0, notApplicable: 0, notAssessed: 0 });
  const coverage = new Map(checks.map(({ id }) => [id, empty()]));
  const failures: Failure[] = [];
  const unassessed: Unassessed[] = [];
  for (const subject of subjects) {
    const kind = kindName(subject.object);
    const place = { what: describe(subject.object), ...firstLine(subject) };
    if (!byKind.has(kind) && !builtIn.has(kind)) unassessed.push({ ...place, why: `kind not known: ${kind}` });
    for (const check of [...everywhere, ...(byKind.get(kind) ?? [])]) {
      const verdict = judgeOne(check, subject.object, context);
      const counts = coverage.get(check.id)!;
      if (verdict.verdict === 'fail') {
        counts.fail++;
        for (const finding of verdict.findings) failures.push(failureOf(check, subject, finding, context));
      } else if (verdict.verdict === 'not assessed') {
        counts.notAssessed++;
        unassessed.push({ ...place, check: check.id, why: verdict.why });
      } else if (verdict.verdict === 'pass') counts.pass++;
      else counts.notApplicable++;
    }
  }
  return { failures, unassessed, coverage, objects: subjects.length };
}

/** The checks that are about an object of this kind. */
export function checksFor(object: Manifest, checks: Check[]): Check[] {
  const kind = kindName(object);
  return checks.filter(({ kinds }) => kinds.includes(kind) || kinds.includes('*'));
}

/** One check on one object. Whatever a hostile object makes a check throw becomes `not assessed`. */
export function judgeOne(check: Check, object: Manifest, context: JudgeContext): Verdict {
  try {
    return check.judge(object, context);
  } catch (error) {
    return {
      verdict: 'not assessed',
      why: `a field has not the type that the API gives it (${(error as Error).message})`,
    };
  }
}

function failureOf(check: Check, subject: Subject, finding: Finding, context: JudgeContext): Failure {
  let known: { patch: PatchOperation[] | undefined } | undefined;
  const mend = () => {
    known ??= { patch: recheck(check, subject.object, finding, context) };
    return known.patch;
  };
  return { check, subject, finding, severity: finding.severity ?? check.severity, mend };
}

const keyOf = ({ field, reason }: Finding) => `${formatField(field)} ${reason}`;
const findingsOf = (verdict: Verdict) => (verdict.verdict === 'fail' ? verdict.findings : []);

/** The proposed patch when, with it, this finding is gone and no other has come. */
export function recheck(
  check: Check,
  object: Manifest,
  finding: Finding,
  context: JudgeContext,
): PatchOperation[] | undefined {
  if (finding.patch === undefined) return undefined;
  const mended = structuredClone(object);
  if (applyPatch(mended, structuredClone(finding.patch) as Operation[]).some((error) => error !== null))
    return undefined;
  const before = new Set(findingsOf(judgeOne(check, object, context)).map(keyOf));
  const verdict = judgeOne(check, mended, context);
  if (verdict.verdict === 'not assessed') return undefined;
  const after = findingsOf(verdict).map(keyOf);
  return after.includes(keyOf(finding)) || after.some((key) => !before.has(key)) ? undefined : finding.patch;
}

/** `Deployment shop/web`. */
export const describe = ({ kind, metadata }: Manifest): string =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name ?? metadata.generateName ?? ''}`;

const firstLine = ({ origin }: Subject) => (origin ? { file: origin.file, line: origin.lineOf([]) } : {});
