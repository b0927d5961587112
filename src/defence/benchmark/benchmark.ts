import { checks } from '../checks.ts';
import type { Check } from '../contract.ts';
import { clusterExceptions, type Exception, exceptionFor, loadExceptions } from '../judge/exceptions.ts';
import { exemptionFor } from '../judge/exemptions.ts';
import { contextOf, type Failure, judge } from '../judge/judge.ts';
import { judgedObjects } from '../judge/judged-objects.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { headings } from './headings.ts';
import { type Outcome, type OutcomeVerdict, sectionOf, sections } from './item.ts';
import { items } from './items.ts';
import { type Judged, type JudgedItem, judgeByChecks, judgeItems } from './judge.ts';

export const benchmarkNames = ['cis', 'nsa'] as const;
export type BenchmarkName = (typeof benchmarkNames)[number];

export type Row = Outcome & {
  /** What the document has it under: `5.2 Policies: Pod Security Standards`, or a heading. */
  section: string;
  /** `CIS 5.2.1`, or the check of this program that judges it. */
  id: string;
  title: string;
  /** Of the CIS benchmark: level, and whether the document leaves it to a program or to a person. */
  level?: 1 | 2;
  automated?: boolean;
};

export type BenchmarkReport = {
  benchmark: BenchmarkName;
  document: string;
  rows: Row[];
  /** Those that there are, and the built-in ones that count here. */
  exceptions: (Exception & { used: boolean })[];
  counts: Record<OutcomeVerdict, number>;
};

const documents: Record<BenchmarkName, string> = {
  cis: 'CIS Kubernetes benchmark 1.12',
  nsa: 'NSA/CISA Kubernetes hardening guidance 1.2',
};

export type BenchmarkOptions = {
  benchmark: BenchmarkName;
  levelMax?: 1 | 2;
  exceptionsFile?: string;
};

/** Judges every item of a document on a cluster or manifests: each with its verdict and the reason for it. */
export function judgeBenchmark(snapshot: Snapshot, options: BenchmarkOptions): BenchmarkReport {
  const { benchmark, levelMax = 2, exceptionsFile } = options;
  const { takenAtMs: nowMs } = snapshot;
  const fromFile = exceptionsFile === undefined ? [] : loadExceptions(exceptionsFile, nowMs);
  const isLive = snapshot.source === 'cluster';
  const exceptions = [...fromFile, ...(isLive ? clusterExceptions(snapshot, nowMs).found : [])];
  const used = new Set<Exception>();
  const waive = (failure: Failure) => {
    const exception = exceptionFor(failure, exceptions) ?? (isLive ? exemptionFor(failure, snapshot) : undefined);
    if (exception) used.add(exception);
    return exception?.expired ? undefined : exception;
  };
  const judged = { snapshot, waive, judgement: judge(judgedObjects(snapshot), checks, contextOf(snapshot)) };
  const byItem = judgeItems(items, judged);
  const rows =
    benchmark === 'cis'
      ? byItem.filter(({ item }) => item.level <= levelMax).map(rowOf)
      : headings.flatMap(({ id, title, items: related }) => {
          const answering = checks.filter((check) => check.benchmark.includes(id));
          const section = `${id}: ${title}`;
          return [
            ...answering.map((check) => rowOfCheck(check, section, judged)),
            ...byItem.filter(({ item }) => related.includes(item.id)).map((item) => ({ ...rowOf(item), section })),
          ];
        });
  const counts = { pass: 0, fail: 0, 'not applicable': 0, 'not assessed': 0 };
  for (const { verdict } of rows) counts[verdict]++;
  const listed = [...new Set([...exceptions, ...used])].map((each) => ({ ...each, used: used.has(each) }));
  return { benchmark, document: documents[benchmark], rows, exceptions: listed, counts };
}

function rowOf({ item: { id, title, level, automated }, outcome }: JudgedItem): Row {
  const section = sectionOf(id);
  return { section: `${section} ${sections[section]}`, id: `CIS ${id}`, title, level, automated, ...outcome };
}

const rowOfCheck = (check: Check, section: string, judged: Judged): Row => ({
  ...{ section, id: check.id, title: check.title },
  ...judgeByChecks([check], judged),
});
