import { checks } from '../../checks.ts';
import { contextOf, judge } from '../../judge.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { subjectsOf } from '../../subjects.ts';
import { headings } from './headings.ts';
import type { Outcome, OutcomeVerdict } from './item.ts';
import { items } from './items.ts';
import { judgeByChecks, judgeItems } from './judge.ts';

export const benchmarkNames = ['cis', 'nsa'] as const;
export type BenchmarkName = (typeof benchmarkNames)[number];

export type Row = Outcome & {
  /** `CIS 5.2.1` or `NSA pod security`, as checks name it. */
  id: string;
  title: string;
  /** Of the CIS benchmark: level and whether the document leaves the item to a person. */
  level?: 1 | 2;
  automated?: boolean;
};

export type BenchmarkReport = {
  benchmark: BenchmarkName;
  document: string;
  about: string;
  rows: Row[];
  counts: Record<OutcomeVerdict, number>;
};

const documents: Record<BenchmarkName, string> = {
  cis: 'CIS Kubernetes benchmark 1.12',
  nsa: 'NSA/CISA Kubernetes hardening guidance 1.2',
};

export type BenchmarkOptions = { benchmark: BenchmarkName; about: string; levelMax?: 1 | 2 };

/** Judges every item of a document on a cluster or manifests: each with its verdict and the reason for it. */
export function judgeBenchmark(
  snapshot: Snapshot,
  { benchmark, about, levelMax = 2 }: BenchmarkOptions,
): BenchmarkReport {
  const judgement = judge(subjectsOf(snapshot), checks, contextOf(snapshot));
  const judged = judgeItems(items, snapshot, judgement);
  const rows: Row[] =
    benchmark === 'cis'
      ? judged
          .filter(({ item }) => item.level <= levelMax)
          .map(({ item: { id, title, level, automated }, outcome }) => ({
            ...{ id: `CIS ${id}`, title, level, automated },
            ...outcome,
          }))
      : headings.map(({ id, title, items: related }) => {
          const outcomes = judged.filter(({ item }) => related.includes(item.id)).map(({ outcome }) => outcome);
          return { id, title, ...together([judgeByChecks(id, judgement, snapshot), ...outcomes]) };
        });
  const counts = { pass: 0, fail: 0, 'not applicable': 0, 'not assessed': 0 };
  for (const { verdict } of rows) counts[verdict]++;
  return { benchmark, document: documents[benchmark], about, rows, counts };
}

/** A heading stands for many things: one that fails decides, then one that nobody knows of. */
function together(outcomes: Outcome[]): Outcome {
  for (const verdict of ['fail', 'not assessed', 'pass'] as const) {
    const [first, ...rest] = outcomes.filter((outcome) => outcome.verdict === verdict);
    if (first) return rest.length === 0 ? first : { verdict, why: `${first.why} (and ${rest.length} more)` };
  }
  return outcomes[0]!;
}
