import { builtInResources } from '../../client/resources.ts';
import { checks } from '../checks.ts';
import type { Check, Manifest, Severity } from '../contract.ts';
import { clusterExceptions, type Exception, exceptionFor } from '../judge/exceptions.ts';
import { exemptionFor } from '../judge/exemptions.ts';
import { mendsOf } from '../judge/fix.ts';
import { contextOf, type Failure, judge } from '../judge/judge.ts';
import { judgedObjects } from '../judge/judged-objects.ts';
import { kindName, type ObjectRef, refOf } from '../object-ref.ts';
import { applyPatch } from '../patch.ts';
import type { PathGraph } from '../paths/build.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';
import { namespaceOf } from '../snapshot/workloads.ts';
import { findingPoints } from './risk.ts';
import type { Candidate } from './step.ts';

const listedMax = 5;

export type Mends = {
  /** One for all objects of a namespace, of patches that were judged again. */
  steps: Candidate[];
  /** All findings that count, also those that no step mends. */
  findings: Record<Severity, number>;
  /** Of the cluster, and built in where they count: how many findings each leaves out. */
  exceptions: (Exception & { waives: number })[];
  notAssessed: string[];
};

/** What failing checks say to mend. */
export function planMends(
  snapshot: Snapshot,
  paths: PathGraph,
  { limit, nowMs }: { limit: number; nowMs: number },
): Mends {
  const context = contextOf(snapshot);
  const { failures } = judge(judgedObjects(snapshot), checks, context);
  const points = findingPoints(paths);
  const pointsOf = ({ judged: { object }, severity }: Failure) =>
    points(severity, `workload:${kindName(object)}/${namespaceOf(object)}/${object.metadata.name}`);
  const { found, invalid, exceptionOf } = exceptionsOf(snapshot, nowMs);
  const waived = Map.groupBy(failures, exceptionOf);
  const sumOf = (group: Failure[]) => group.reduce((sum, failure) => sum + pointsOf(failure), 0);
  const counting = waived.get(undefined) ?? [];
  const findings = { critical: 0, high: 0, medium: 0, low: 0 };
  for (const { severity } of counting) findings[severity]++;
  const byPlace = [...Map.groupBy(counting, ({ judged: { object } }) => placeOf(object))];
  // Whether there is a patch is found out by trying it: only where it can matter.
  const worst = byPlace.toSorted(([, a], [, b]) => sumOf(b) - sumOf(a)).slice(0, limit);
  const steps = worst.flatMap(([place, all]) => {
    const group = all.filter((failure) => failure.mend() !== undefined);
    if (group.length === 0) return [];
    const byObject = [...Map.groupBy(group, ({ judged }) => judged.object)];
    const own = checks.filter((check) => group.some((failure) => failure.check === check));
    const titles = [...Map.groupBy(group, ({ check }) => check)].sort((a, b) => b[1].length - a[1].length);
    return {
      ...{ type: 'findings', byHand: false, uses: [] },
      make: (now) => byObject.flatMap(([object]) => mendedChange(now, refOf(object), own)),
      what: [`mend ${plural(group.length, 'finding')} in ${plural(byObject.length, 'object')} of ${place}`],
      why: [
        ...titles.slice(0, listedMax).map(([check, all]) => `${check.id}: ${check.title} (${all.length})`),
        ...(titles.length > listedMax ? [`and ${titles.length - listedMax} more checks`] : []),
      ],
      removes: sumOf(group),
    } satisfies Candidate;
  });
  const counted = new Set([...found, ...waived.keys()].filter((exception) => exception !== undefined));
  const exceptions = [...counted].map((each) => ({ ...each, waives: waived.get(each)?.length ?? 0 }));
  return { steps, findings, exceptions, notAssessed: invalid.map(({ what, why }) => `${what}: ${why}`) };
}

/** What a live cluster excepts, and what every cluster has, is not to be mended. */
function exceptionsOf(snapshot: Snapshot, nowMs: number) {
  const isLive = snapshot.source !== 'manifests';
  const { found, invalid } = isLive ? clusterExceptions(snapshot, nowMs) : { found: [], invalid: [] };
  const exceptionOf = (failure: Failure): Exception | undefined => {
    const exception = isLive ? (exceptionFor(failure, found) ?? exemptionFor(failure, snapshot)) : undefined;
    return exception?.expired ? undefined : exception;
  };
  return { found, invalid, exceptionOf };
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;

const clusterScoped = new Set(
  [...builtInResources.values()].filter(({ namespaced }) => !namespaced).map(({ kind }) => kind),
);

function placeOf(object: Manifest): string {
  if (object.kind === 'Namespace') return `namespace ${object.metadata.name}`;
  return clusterScoped.has(object.kind) ? 'the cluster' : `namespace ${namespaceOf(object)}`;
}

/** The object with its mends, as it stands after other changes; none when these left nothing of it or to mend. */
function mendedChange(snapshot: Snapshot, ref: ObjectRef, own: Check[]): Change[] {
  const object = snapshot.get(ref);
  if (object === undefined) return [];
  const patch = mendsOf(object, own, contextOf(snapshot), () => false);
  const put = structuredClone(object);
  return patch.length > 0 && applyPatch(put, patch) ? [{ put }] : [];
}
