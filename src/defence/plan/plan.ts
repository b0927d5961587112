import type { Observations, Window } from '../../api/observations/observation.ts';
import { bareKind } from '../object-ref.ts';
import { type PathGraph, pathGraphOf } from '../paths/build.ts';
import type { Hop, Lever } from '../paths/graph.ts';
import { afterChanges } from '../paths/simulate.ts';
import { type Breakage, createWeigh } from '../paths/weigh.ts';
import { preview, subjectText } from '../preview/preview.ts';
import { countsOf } from '../preview/report.ts';
import { quoted } from '../report/quoted.ts';
import { writeChanges } from '../report/write-changes.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';
import { cutSteps } from './cuts.ts';
import { type Mends, planMends } from './mends.ts';
import { gentler, policySteps } from './observed.ts';
import { assess, type Risk } from './risk.ts';
import type { Candidate, PlanStep } from './step.ts';

export type Plan = {
  /** How risk is counted, in one sentence. */
  formula: string;
  /** Before, and after every step that is not by hand: tried on the snapshot. */
  before: Risk;
  after: Risk;
  /** Most risk for the least breakage first. */
  steps: PlanStep[];
  /** Of all checks, before: also what no step mends. */
  findings: Mends['findings'];
  exceptions: Mends['exceptions'];
  windows: Window[];
  notAssessed: string[];
};

const formula =
  'risk = Σ presence × value × 2^(−cost of the easiest path); presence: the Internet 1, else 1/64; value: cluster-admin 1000, nodes 500, secrets 200';

const breaksListedMax = 3;
const bindingWeightMax = 3;

/** The few changes that remove the most risk, each with what it would break. Pure. */
export function plan(
  snapshot: Snapshot,
  observations: Observations,
  { limit, nowMs }: { limit: number; nowMs: number },
): Plan {
  const paths = pathGraphOf(snapshot);
  const { steps: cuts, after: cut } = gentled(snapshot, observations, cutSteps(paths, planWeigh(observations), limit));
  const { steps: mends, findings, exceptions, notAssessed } = planMends(snapshot, paths, { limit, nowMs });
  const all = [...cuts, ...policySteps(cut, observations), ...mends];
  const known = new Map<string, PlanStep['preview']>();
  // The same change of the same objects is previewed once, wherever it stands in the plan.
  const tell = (before: Snapshot, changes: Change[]) => {
    const key = JSON.stringify(changes);
    const found = known.has(key) ? known.get(key) : previewed(before, changes, observations, nowMs);
    known.set(key, found);
    return found;
  };
  const ranked = all
    .toSorted((a, b) => b.removes - a.removes)
    .slice(0, limit)
    .map((step) => ({ step, worth: worth(step, tell(snapshot, step.make(snapshot))) }))
    .toSorted((a, b) => b.worth - a.worth)
    .map(({ step }) => step);
  const { steps, after } = inOrder(snapshot, paths, ranked, tell);
  const { flows, calls } = observations.windows;
  const unwatched = [
    ...(flows.length === 0 ? ['flows between pods: nobody watched them, so what policies would break is unknown'] : []),
    ...(calls.length === 0
      ? ['calls to the API: nobody watched them, so what fewer rights would break is unknown']
      : []),
  ];
  return {
    ...{ formula, before: assess(paths).risk, after: assess(pathGraphOf(after)).risk, steps, findings },
    ...{ exceptions, windows: [...flows, ...calls] },
    notAssessed: [...paths.notAssessed, ...unwatched, ...notAssessed],
  };
}

/** Each step as gently as it can be after those before it. */
function gentled(snapshot: Snapshot, observations: Observations, cuts: Candidate[]) {
  let after = snapshot;
  const steps = cuts.map((cut) => {
    const step = gentler(after, observations, cut);
    after = afterChanges(after, step.make(after));
    return step;
  });
  return { steps, after };
}

/** A binding that is used costs no more than another one: its subject is given what it used (see `gentler`). */
function planWeigh(observations: Observations): (lever: Lever) => Breakage {
  const weigh = createWeigh(observations);
  return (lever) => {
    const { weight, text } = weigh(lever);
    return { weight: lever.type === 'binding' ? Math.min(weight, bindingWeightMax) : weight, text };
  };
}

/** Every step on what those before it left: two that change one object must not undo each other. */
function changesInOrder(snapshot: Snapshot, steps: Candidate[]): { each: Change[][]; after: Snapshot } {
  let after = snapshot;
  const each = steps.map((step) => {
    const changes = step.make(after);
    after = afterChanges(after, changes);
    return changes;
  });
  return { each, after };
}

type Tell = (before: Snapshot, changes: Change[]) => PlanStep['preview'];

function inOrder(snapshot: Snapshot, paths: PathGraph, ranked: Candidate[], tell: Tell) {
  const { each, after } = changesInOrder(snapshot, ranked);
  const without = new Set<Hop>();
  let points = assess(paths).risk.points;
  let before = snapshot;
  const steps = ranked.map(({ make: _, unbinds: __, hops, ...step }, index): PlanStep => {
    const changes = each[index]!;
    const preview = tell(before, changes);
    before = afterChanges(before, changes);
    if (hops !== undefined) {
      for (const hop of hops) without.add(hop);
      const left = assess(paths, without).risk.points;
      if (step.type === 'path') step.removes = points - left;
      points = left;
    }
    return { ...step, changes, ...(preview ? { preview } : {}) };
  });
  return { steps, after };
}

function previewed(
  snapshot: Snapshot,
  changes: Change[],
  observations: Observations,
  nowMs: number,
): PlanStep['preview'] {
  if (changes.length === 0) return undefined;
  const told = preview(snapshot, changes, observations, nowMs);
  const breaks = told.impacts
    .filter(({ outcome }) => outcome === 'breaks')
    .slice(0, breaksListedMax)
    .map(({ subject, why }) => `${subjectText(subject)}: ${why}`);
  return { counts: countsOf(told), notAssessed: told.coverage.notAssessed, breaks };
}

/** Each thing that breaks takes away from what a step is worth, each unknown a little. By hand is work. */
function worth({ removes, byHand }: Candidate, told: PlanStep['preview']): number {
  const { breaks, unknown } = told?.counts ?? { breaks: 0, unknown: 0 };
  return removes / (1 + 2 * breaks + 0.01 * unknown + (byHand ? 1 : 0));
}

/** The plan with each step that has objects written as a file, and the command that makes it. */
export function writePlan(made: Plan, folder: string): Plan {
  const steps = made.steps.map((step, index): PlanStep => {
    if (step.changes.length === 0) return step;
    const number = String(index + 1).padStart(2, '0');
    const file = writeChanges(folder, `${number}-${step.what[0]!.slice(0, 60)}`, step.what.join('; '), step.changes);
    return { ...step, file, command: commandOf(step.changes, file) };
  });
  return { ...made, steps };
}

/** `rempart preview … --apply` for these changes; what is put stands in the file. */
export function commandOf(changes: Change[], file: string): string {
  const removals = changes.flatMap((change) => {
    if (!('remove' in change)) return [];
    const { kind, namespace, name } = change.remove;
    return [`--remove ${quoted(`${bareKind(kind).toLowerCase()}/${namespace === '' ? '' : `${namespace}/`}${name}`)}`];
  });
  const files = changes.some((change) => 'put' in change) ? [`-f ${quoted(file)}`] : [];
  return ['rempart preview', ...files, ...removals, '--apply'].join(' ');
}
