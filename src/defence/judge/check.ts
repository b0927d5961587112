import { UsageError } from '../../foundation/usage-error.ts';
import { checks } from '../checks.ts';
import {
  type Check,
  type JudgeContext,
  type JudgedObject,
  type Level,
  levels,
  type Severity,
  severities,
  type Unassessed,
} from '../contract.ts';
import type { Loaded } from '../manifests/load.ts';
import { provenanceOf } from '../report/provenance.ts';
import { createSnapshot, type Snapshot } from '../snapshot/snapshot.ts';
import { unreadOf } from '../snapshot/sound.ts';
import { unreadKinds } from '../snapshot/unread-kinds.ts';
import { newestMinor, readSource, type Source, type SourceOptions } from '../source.ts';
import { clusterExceptions, type Exception, exceptionFor, loadExceptions } from './exceptions.ts';
import { exemptionFor, withOrigin } from './exemptions.ts';
import type { Fixed, Unfixed } from './fix.ts';
import { type HelmObjects, helmCheck, readHelmObjects, unopenedReleases } from './helm.ts';
import { contextOf, type Failure, judge } from './judge.ts';
import { judgedObjects } from './judged-objects.ts';
import { type CheckReport, judgedNothing, type Waived } from './report/report.ts';
import { type Whole, wholeObjects } from './whole.ts';

export type CheckOptions = {
  levels?: Level[];
  exceptionsFile?: string;
  /** Writes what can be mended into the files. */
  fix?: boolean;
  /** Of a live cluster, also what Helm keeps of its releases: reads the Secrets that hold it. */
  helm?: boolean;
};

/** Judges manifests or a live cluster. Throws UsageError for what cannot be read at all. */
export async function check(where: SourceOptions, options: CheckOptions = {}): Promise<CheckReport> {
  if (!options.fix) return checkSource(await readSource(where), where.nowMs, options);
  if (where.path === undefined)
    throw new UsageError(
      '--fix writes files, and a live cluster has none: apply the patches of --format json with kubectl patch, or mend the manifests that the objects came from (rempart check FOLDER --fix)',
    );
  if (where.path === '-') throw new UsageError('--fix needs a folder or a file: it cannot write to standard input');
  const before = await readSource(where);
  const whole = wholeObjects(before.loaded!);
  const context = contextOf(snapshotOfWhole(before.snapshot, whole));
  const fixes = await fixLoaded({ ...before.loaded!, objects: whole.objects }, context, where.nowMs, options);
  return { ...(await checkSource(await readSource(where), where.nowMs, options)), fixes };
}

const activeChecks = ({ levels: chosen = [...levels] }: CheckOptions): Check[] =>
  checks.filter(({ level }) => chosen.includes(level));

async function checkSource(source: Source, nowMs: number, options: CheckOptions): Promise<CheckReport> {
  try {
    return judgeSource(source, await helmObjects(source, options), nowMs, options);
  } finally {
    source.close();
  }
}

async function helmObjects({ client, snapshot }: Source, options: CheckOptions): Promise<HelmObjects> {
  if (client === undefined || !activeChecks(options).some(({ id }) => id === helmCheck))
    return { objects: [], unassessed: [] };
  return options.helm ? readHelmObjects(client) : { objects: [], unassessed: unopenedReleases(snapshot) };
}

function judgeSource(source: Source, helm: HelmObjects, nowMs: number, options: CheckOptions): CheckReport {
  const { loaded } = source;
  const { levels: chosen = [...levels], exceptionsFile } = options;
  const active = activeChecks(options);
  const whole = loaded && wholeObjects(loaded);
  const snapshot = whole ? snapshotOfWhole(source.snapshot, whole) : source.snapshot;
  const judged: JudgedObject[] = [...(whole?.objects ?? judgedObjects(snapshot)), ...helm.objects];
  const { failures, unassessed, unreadable, coverage, objects } = judge(judged, active, contextOf(snapshot));
  const inCluster = loaded ? { found: [], invalid: [] } : clusterExceptions(snapshot, nowMs);
  const exceptions = [...(exceptionsFile ? loadExceptions(exceptionsFile, nowMs) : []), ...inCluster.found];
  const empty = chosen.filter((level) => !checks.some((check) => check.level === level));
  return {
    ...provenanceOf(source),
    ...{ minor: snapshot.minor, levels: chosen, checks: active },
    ...{ files: loaded?.files.length ?? 0, objects, coverage },
    ...waive(failures, exceptions, snapshot),
    unreadable: [...(loaded?.unreadable ?? []), ...(whole?.unreadable ?? []), ...unreadable, ...inCluster.invalid],
    unassessed: [
      ...newerThanKnown(snapshot.minor),
      ...empty.map((level) => ({ what: `level ${level}`, why: 'there are no checks of this level yet' })),
      ...(loaded?.unassessed ?? []),
      ...(whole?.unassessed ?? []),
      ...helm.unassessed,
      ...unreadCustomResources(snapshot),
      ...unassessed,
    ],
  };
}

/** Of a release to come only what was announced is known. */
const newerThanKnown = (minor: number): Unassessed[] =>
  minor <= newestMinor
    ? []
    : [
        {
          what: `Kubernetes 1.${minor}`,
          why: `what changes after 1.${newestMinor}, but for removals announced by then`,
        },
      ];

/** What is left out of the manifests is unread, not absent. */
const snapshotOfWhole = (snapshot: Snapshot, { accepted, unread }: Whole): Snapshot =>
  unread.length === 0
    ? snapshot
    : createSnapshot({ ...snapshot, objects: accepted.map(({ object }) => object), unread: unreadOf(unread) });

const kindsNamed = 10;

/** Of custom resources a cluster has any number: they are not read, and so not even counted among the objects. */
function unreadCustomResources(snapshot: Snapshot): Unassessed[] {
  const kinds = snapshot.source === 'cluster' ? unreadKinds(snapshot) : [];
  if (kinds.length === 0) return [];
  const more = kinds.length > kindsNamed ? ` and ${kinds.length - kindsNamed} more kinds` : '';
  const why = 'custom resources that are not read: what they allow, expose or make is not judged';
  return [{ what: `${kinds.slice(0, kindsNamed).join(', ')}${more}`, why }];
}

/** Parts what stands from what is waived, worst first; every exception that there is, or that counts, is listed. */
function waive(
  failures: Failure[],
  exceptions: Exception[],
  snapshot: Snapshot,
): Pick<CheckReport, 'failures' | 'waived' | 'exceptions'> {
  const isLive = snapshot.source === 'cluster';
  const standing: Failure[] = [];
  const waived: Waived[] = [];
  const used = new Set<Exception>();
  for (const failure of failures) {
    const exception = exceptionFor(failure, exceptions) ?? (isLive ? exemptionFor(failure, snapshot) : undefined);
    if (exception) used.add(exception);
    if (exception && !exception.expired) waived.push({ failure, exception });
    else standing.push(isLive ? withOrigin(failure) : failure);
  }
  return {
    failures: standing.sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity)),
    waived,
    exceptions: [...new Set([...exceptions, ...used])].map((exception) => ({
      ...exception,
      used: used.has(exception),
    })),
  };
}

async function fixLoaded(
  loaded: Loaded,
  context: JudgeContext,
  nowMs: number,
  options: CheckOptions,
): Promise<{ fixed: Fixed[]; unfixed: Unfixed[] }> {
  // What writes YAML is loaded for that only.
  const { fixFiles, mendsOf } = await import('./fix.ts');
  const active = activeChecks(options);
  const exceptions = options.exceptionsFile ? loadExceptions(options.exceptionsFile, nowMs) : [];
  return fixFiles(loaded, (judged) =>
    mendsOf(judged.object, active, context, (check, field) => {
      const finding = { field, reason: '', detail: '' };
      const failure = { check, judged, finding, severity: check.severity, made: 0, mend: () => undefined };
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
