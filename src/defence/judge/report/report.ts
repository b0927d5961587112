import type { Unassessed } from '../../contract.ts';
import { type Check, type Level, severities } from '../../contract.ts';
import { printable } from '../../report/printable.ts';
import type { Provenance } from '../../report/provenance.ts';
import type { Exception } from '../exceptions.ts';
import type { Fixed, Unfixed } from '../fix.ts';
import type { Coverage, Failure } from '../judge.ts';

export type Waived = { failure: Failure; exception: Exception };

/** All that a run of `rempart check` knows; every format shows the same. */
export type CheckReport = Provenance & {
  minor: number;
  levels: Level[];
  checks: Check[];
  /** Of manifests. */
  files: number;
  objects: number;
  /** Worst first. */
  failures: Failure[];
  waived: Waived[];
  exceptions: (Exception & { used: boolean })[];
  coverage: Map<string, Coverage>;
  unassessed: Unassessed[];
  unreadable: Unassessed[];
  fixes?: { fixed: Fixed[]; unfixed: Unfixed[] };
};

/** Verdicts of all checks on all objects together. */
export function totals({ coverage }: CheckReport): Coverage {
  const sum = { pass: 0, fail: 0, notApplicable: 0, notAssessed: 0 };
  for (const counts of coverage.values())
    for (const key of Object.keys(sum) as (keyof Coverage)[]) sum[key] += counts[key];
  return sum;
}

/** No check gave a verdict on anything: then there is nothing to be glad of. */
export function judgedNothing(report: CheckReport): boolean {
  const { pass, fail } = totals(report);
  return pass + fail === 0;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** What was judged, in one sentence that never leaves out what was not. */
export function coverageLine(report: CheckReport): string {
  const { pass, fail, notAssessed } = totals(report);
  const outside = report.unassessed.filter(({ check }) => check === undefined).length;
  const where = report.source === 'manifests' ? counted(report.files, 'file') : report.about;
  const [checks, objects] = [counted(report.checks.length, 'check'), counted(report.objects, 'object')];
  const things = counted(outside, 'thing');
  return (
    `${checks} on ${objects} of ${where}: ${pass} passed, ${fail} failed, ` +
    `${notAssessed} not assessed; ${things} that no check judges; ${report.unreadable.length} unreadable`
  );
}

/** How many findings of each severity, or that there could be none. */
export function findingsLine(report: CheckReport): string {
  const { failures, waived } = report;
  if (report.files === 0 && report.source === 'manifests' && report.unreadable.length === 0)
    return `Nothing was judged: there is no file *.yaml, *.yml or *.json in ${printable(report.about)}.`;
  if (report.checks.length === 0) return 'Nothing was judged: there are no checks of this level yet.';
  if (report.objects === 0 && report.unreadable.length === 0 && !report.unassessed.some(({ file }) => file))
    return `Nothing was judged: there is no object in ${printable(report.about)}.`;
  if (judgedNothing(report))
    return report.unreadable.length > 0
      ? 'Nothing was judged: what there is could not be read.'
      : 'Nothing was judged: no check knows what was given.';
  const counts = [...severities].reverse().map((severity) => {
    const count = failures.filter((failure) => failure.severity === severity).length;
    return `${count} ${severity}`;
  });
  return `Findings: ${counts.join(', ')}; ${waived.length} waived by exceptions.`;
}

/** `file:line` of a failure; empty for an object of a live cluster. */
export function placeOf({ judged: { origin }, finding }: Failure): { file: string; line: number } | undefined {
  return origin ? { file: origin.file, line: origin.lineOf(finding.field) } : undefined;
}

/** Not assessed, the same reason told once: by which checks (none: nothing could judge it), and of what. */
export function groupedUnassessed({ unassessed }: CheckReport): { why: string; checks: string[]; whats: string[] }[] {
  const byCheck = Map.groupBy(unassessed, ({ check, why }) => `${check ?? ''}\n${why}`);
  const told = [...byCheck.values()].map((group) => ({ ...group[0]!, whats: group.map(({ what }) => what) }));
  const byReason = Map.groupBy(told, ({ why, whats }) => `${why}\n${whats.join('\n')}`);
  return [...byReason.values()].map((group) => ({
    why: group[0]!.why,
    checks: group.flatMap(({ check }) => check ?? []),
    whats: group[0]!.whats,
  }));
}

/** `image-tag`, or how many checks where they are many. */
export const namesOf = (ids: string[]): string => (ids.length <= 3 ? ids.join(', ') : `${ids.length} checks`);

/** ` (and 12 that controllers made of it)`; empty for one that stands alone. */
export const madeOf = ({ made }: Failure): string => (made === 0 ? '' : ` (and ${made} that controllers made of it)`);
