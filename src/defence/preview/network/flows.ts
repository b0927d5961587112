import type { Flow, Seen } from '../../../api/observations/observation.ts';
import type { Decision, Evaluator, Side, World } from '../../../policy/policy.ts';
import { isolationLabel } from '../../../policy/policy.ts';
import type { Place } from '../../observations/places.ts';
import { doubtAbout, type NetworkDoubts } from '../../snapshot/network-doubts.ts';
import type { Impact, Outcome } from '../impact.ts';

export type Evaluators = { before: Evaluator; after: Evaluator };
/** A flow that was seen, in both worlds. */
export type PlacedFlow = { flow: Flow; from: Place; to: Place };
/** A flow that the change refuses, with why: what an allowance is looked for. */
export type BrokenFlow = { placed: PlacedFlow; decision: Decision; impact: Impact };

const policyText = (name: string) => `NetworkPolicy ${name}`;

/** What else there is; `changed`: names of the NetworkPolicies that the change is about. */
export type Surroundings = {
  namespaces: World['namespaces'];
  doubts: NetworkDoubts;
  changed: Set<string>;
  /** The same worlds where blocks are not about pods: network plugins differ. */
  otherwise?: Evaluators | undefined;
  /** The world after the change with the pods of before: policies count at once, and pods are made anew one after the other. */
  meanwhile?: Evaluator | undefined;
};

/** Every flow before and after. Flows of the same workloads, port and outcome become one impact. */
export function judgeFlows(
  placed: PlacedFlow[],
  { before, after }: Evaluators,
  { namespaces: namespaceLabels, doubts, changed, otherwise, meanwhile }: Surroundings,
): { impacts: Impact[]; broken: BrokenFlow[] } {
  const merged = new Map<string, Impact>();
  const broken: BrokenFlow[] = [];
  for (const ends of placed) {
    const { flow } = ends;
    const was = evaluated(before, ends);
    const asOurs = judgeFlow(ends, was, after, namespaceLabels);
    const asOthers = otherwise
      ? judgeFlow(ends, evaluated(otherwise.before, ends), otherwise.after, namespaceLabels)
      : asOurs;
    const agreed = agreedOn(asOurs, asOthers);
    const sure = agreed && meanwhile ? interrupted(agreed, evaluated(meanwhile, ends), ends, namespaceLabels) : agreed;
    if (sure === undefined) continue;
    const at = [ends.from.pod?.namespace, ends.to.pod?.namespace];
    const judged = doubted(sure, was, changed, doubtAbout(doubts, at, sure.outcome !== 'breaks'));
    const { outcome, why, by, decision } = judged;
    const text = flowText(ends);
    const key = `${text} ${outcome} ${why}`;
    const known = merged.get(key);
    const { firstMs, lastMs, count } = flow;
    const seen = { firstMs, lastMs, count };
    if (known !== undefined) {
      known.seen = mergeSeen(known.seen!, seen);
      continue;
    }
    const impact: Impact = { outcome, subject: { type: 'flow', text }, why, by, seen };
    merged.set(key, impact);
    // Where other policies decide, too, allowing it by this one makes nothing safe.
    const isMendable = sure.outcome === 'breaks' && doubtAbout(doubts, at, true) === undefined;
    if (isMendable && decision !== undefined) broken.push({ placed: ends, decision, impact });
  }
  return { impacts: [...merged.values()], broken };
}

const evaluated = ({ evaluate }: Evaluator, { from, to, flow }: PlacedFlow): Decision =>
  evaluate(from.before, to.before, flow.protocol, flow.port);

/** What passes before and after, and not in between: also for good, when the new pods do not come. */
function interrupted(
  judged: JudgedFlow,
  between: Decision,
  { from, to }: PlacedFlow,
  namespaces: World['namespaces'],
): JudgedFlow {
  if (judged.outcome !== 'safe' || between.allowed) return judged;
  const { why, by } = reasonOf(between, from, to, namespaces);
  return { ...judged, outcome: 'unknown', why: `refused until its pods are made anew: ${why}`, by };
}

function agreedOn(one: JudgedFlow | undefined, other: JudgedFlow | undefined): JudgedFlow | undefined {
  const found = one ?? other;
  if (found === undefined || one?.outcome === other?.outcome) return one;
  const why = `${found.why}; but whether an ipBlock is about pods differs between network plugins`;
  return { ...found, outcome: 'unknown', why };
}

/** `Deployment shop/api → StatefulSet shop/database TCP 6379`. */
export const flowText = ({ from, to, flow }: PlacedFlow): string =>
  `${from.text} → ${to.text} ${flow.protocol} ${flow.port}`;

export const mergeSeen = (a: Seen, b: Seen): Seen => ({
  firstMs: Math.min(a.firstMs, b.firstMs),
  lastMs: Math.max(a.lastMs, b.lastMs),
  count: a.count + b.count,
});

/**
 * Where other kinds of policy decide, too, a flow is known to pass only if what lets it pass stays as it is: they may
 * allow what is refused now, and refuse what was allowed by name alone. Where nothing enforces policies, nothing is
 * known to break.
 */
function doubted(judged: JudgedFlow, was: Decision, changed: Set<string>, doubt: string | undefined): JudgedFlow {
  if (doubt === undefined || judged.decision === undefined || judged.outcome === 'opens') return judged;
  const { decision, outcome } = judged;
  const sides = ({ egress, ingress }: Decision) => [egress, ingress].map(({ why, by }) => [why, by]);
  const stays = JSON.stringify(sides(was)) === JSON.stringify(sides(decision));
  const rests = [...decision.egress.by, ...decision.ingress.by].some((name) => changed.has(name));
  if (outcome === 'safe' && stays && !rests) return judged;
  return { ...judged, outcome: 'unknown', why: `${judged.why}; but ${doubt}` };
}

type JudgedFlow = { outcome: Outcome; why: string; by: string[]; decision?: Decision };

/** Undefined: refused before and after, and nobody saw it pass. */
function judgeFlow(
  { flow, from, to }: PlacedFlow,
  was: Decision,
  after: Evaluator,
  namespaces: World['namespaces'],
): JudgedFlow | undefined {
  if (from.after === undefined) return undefined;
  if (to.after === undefined)
    return was.allowed ? { outcome: 'breaks', why: `${to.text} is removed: nobody answers`, by: [] } : undefined;
  const will = after.evaluate(from.after, to.after, flow.protocol, flow.port);
  if (will.allowed && was.allowed) return { outcome: 'safe', ...reasonOf(will, from, to, namespaces), decision: will };
  if (will.allowed) return { outcome: 'opens', ...reasonOf(will, from, to, namespaces) };
  if (was.allowed) return { outcome: 'breaks', ...reasonOf(will, from, to, namespaces), decision: will };
  if (!flow.allowed) return undefined;
  const { why, by } = reasonOf(was, from, to, namespaces);
  return {
    outcome: 'unknown',
    why: `it was let through when it was seen, and what is in force refuses it: ${why}`,
    by,
  };
}

/** What decides, as a sentence: all sides that refuse, or both that allow. */
function reasonOf({ allowed, egress, ingress }: Decision, from: Place, to: Place, namespaces: World['namespaces']) {
  const whys: string[] = [];
  const by: string[] = [];
  const tell = (name: string, side: Side, place: Place) => {
    if (side.allowed !== allowed || (allowed && side.by.length === 0)) return;
    whys.push(`${name} of ${place.text}: ${sideText(side, place)}`);
    by.push(...decidersOf(side, place, namespaces));
  };
  tell('egress', egress, from);
  tell('ingress', ingress, to);
  return { why: whys.join('; ') || 'no policy restricts it', by };
}

function sideText({ allowed, why, by }: Side, { pod }: Place): string {
  if (why === 'policy') {
    const names = by.map(policyText).join(', ');
    return allowed
      ? `allowed by ${names}`
      : `${names} ${by.length === 1 ? 'selects' : 'select'} it and no rule allows this`;
  }
  if (why === 'island') return `namespace ${pod?.namespace} is an island`;
  if (why === 'deny') return `namespace ${pod?.namespace} denies what no policy allows`;
  return why === 'node guard' ? 'a node offers its pods nothing else' : why;
}

function decidersOf({ why, by }: Side, { pod }: Place, namespaces: World['namespaces']): string[] {
  if (why === 'policy') return by.map(policyText);
  if (pod === undefined || (why !== 'island' && why !== 'deny')) return [];
  const labelled = namespaces.find(({ name }) => name === pod.namespace)?.labels[isolationLabel] !== undefined;
  return [labelled ? `Namespace ${pod.namespace}` : 'Protection namespace-isolation'];
}
