/**
 * The four levels of defence: checks with verdicts, on objects from anywhere. What judges is pure; what reads and writes
 * files is in manifests/ and fix.ts.
 */
import { UsageError } from '../foundation/usage-error.ts';
import { checks } from './checks.ts';
import { type Check, type Level, levels, type Severity, severities } from './contract.ts';
import { type Exception, exceptionFor, loadExceptions } from './exceptions.ts';
import { type Fixed, fixFiles, mendsOf, type Unfixed } from './fix.ts';
import { createContext, type Failure, judge } from './judge.ts';
import { type Loaded, loadManifests } from './manifests/load.ts';
import { type CheckReport, judgedNothing, type Waived } from './report/report.ts';
import { newestMinor } from './source.ts';

export { checks } from './checks.ts';
export type { Check, Finding, JudgeContext, Level, Manifest, Severity, Verdict } from './contract.ts';
export { levels, severities } from './contract.ts';
export { isEnd } from './paths/ends.ts';
export { findPaths, worstPaths } from './paths/paths.ts';
export { renderPaths, renderWorst } from './paths/render.ts';
export { renderWhoCan } from './perimeter/render.ts';
export { readRightQuery } from './perimeter/right-query.ts';
export { whoCan } from './perimeter/who-can.ts';
export { type ReportFormat, render, reportFormats } from './report/formats.ts';
export type { CheckReport } from './report/report.ts';
export { readSource, type Source, type SourceOptions } from './source.ts';

export type CheckOptions = {
  levels?: Level[];
  /** Minor version of Kubernetes 1 that the manifests are for. */
  minor?: number;
  exceptionsFile?: string;
  fix?: boolean;
  nowMs: number;
};

/** Judges a folder, a file or standard input (`-`). Throws UsageError for what cannot be read at all. */
export function checkManifests(path: string, options: CheckOptions): CheckReport {
  const chosen = options.levels ?? [...levels];
  const active = checks.filter(({ level }) => chosen.includes(level));
  const exceptions = options.exceptionsFile ? loadExceptions(options.exceptionsFile, options.nowMs) : [];
  if (options.fix && path === '-')
    throw new UsageError('--fix needs a folder or a file: it cannot write to standard input');
  let loaded = loadManifests(path);
  let fixes: CheckReport['fixes'];
  if (options.fix) {
    fixes = fixLoaded(loaded, active, exceptions, options);
    loaded = loadManifests(path);
  }
  return { ...report(loaded, active, chosen, exceptions, options), ...(fixes ? { fixes } : {}) };
}

const contextOf = ({ objects }: Loaded, minor = newestMinor) =>
  createContext(
    objects.map(({ object }) => object),
    { source: 'manifests', minor },
  );

function report(
  loaded: Loaded,
  active: Check[],
  chosen: Level[],
  exceptions: Exception[],
  { minor }: CheckOptions,
): CheckReport {
  const { failures, unassessed, coverage, objects } = judge(loaded.objects, active, contextOf(loaded, minor));
  const standing: Failure[] = [];
  const waived: Waived[] = [];
  const used = new Set<Exception>();
  for (const failure of failures) {
    const exception = exceptionFor(failure, exceptions);
    if (exception) used.add(exception);
    if (exception && !exception.expired) waived.push({ failure, exception });
    else standing.push(failure);
  }
  const empty = chosen.filter((level) => !checks.some((check) => check.level === level));
  return {
    minor: minor ?? newestMinor,
    levels: chosen,
    checks: active,
    files: loaded.files.length,
    objects,
    failures: standing.sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity)),
    waived,
    exceptions: exceptions.map((exception) => ({ ...exception, used: used.has(exception) })),
    coverage,
    unreadable: loaded.unreadable,
    unassessed: [
      ...empty.map((level) => ({ what: `level ${level}`, why: 'there are no checks of this level yet' })),
      ...loaded.unassessed,
      ...unassessed,
    ],
  };
}

function fixLoaded(
  loaded: Loaded,
  active: Check[],
  exceptions: Exception[],
  { minor }: CheckOptions,
): { fixed: Fixed[]; unfixed: Unfixed[] } {
  const context = contextOf(loaded, minor);
  return fixFiles(loaded, (subject) =>
    mendsOf(subject.object, active, context, (check, field) => {
      const finding = { field, reason: '', detail: '' };
      const failure = { check, subject, finding, severity: check.severity, mend: () => undefined };
      const exception = exceptionFor(failure, exceptions);
      return exception !== undefined && !exception.expired;
    }),
  );
}

/** 0: nothing; 2: something at or above the severity, or an exception has expired; 3: something could not be read, or nothing was judged. */
export function exitCodeOf(report: CheckReport, failOn: Severity): 0 | 2 | 3 {
  const { failures, exceptions, unreadable } = report;
  const least = severities.indexOf(failOn);
  if (failures.some(({ severity }) => severities.indexOf(severity) >= least)) return 2;
  if (exceptions.some(({ expired }) => expired)) return 2;
  return unreadable.length > 0 || judgedNothing(report) ? 3 : 0;
}
