import { type Difference, distance, isKnown, nearestPeer, portDiffers, serviceDiffers } from './differences.ts';
import { type Decision, evaluate, type Located, locate, type Party, ruleAllows, type Side } from './evaluate.ts';
import type { Index } from './indexed.ts';
import type { ParsedPolicy } from './parse.ts';
import type { Direction, PolicyPod, Protocol } from './world.ts';

/** `spec.ingress[rule]` of the policy `namespace/name`; `peer` is its item of `from` or `to`. */
export type RuleRef = { policy: string; direction: Direction; rule: number; peer?: number };

export type ExplainedSide = Side & {
  /** The rules that allow, each enough by itself. */
  rules: RuleRef[];
  /** When no rule allows: the one that misses by least. */
  nearest?: RuleRef & { differs: Difference[] };
  /** Why it could be otherwise: what would decide is not known. */
  doubts: string[];
};

/** `unknown` when the verdict hangs on something that the world does not say. It is never a plain no. */
export type Explanation = { verdict: 'allowed' | 'denied' | 'unknown'; egress: ExplainedSide; ingress: ExplainedSide };

/** What `evaluate` decides, with the rules that decide it and what is missing when none does. */
export function explain(index: Index, from: Party, to: Party, protocol: Protocol, port: number): Explanation {
  const decision: Decision = evaluate(index, from, to, protocol, port);
  const source = locate(index, from, protocol, undefined);
  const destination = locate(index, to, protocol, port);
  const target = destination.service?.backend.port ?? port;
  const connection: Connection = { index, source, destination, protocol, port: target };
  const egress = explainSide(connection, 'egress', decision.egress);
  const ingress = explainSide(connection, 'ingress', decision.ingress);
  return { verdict: verdictOf(egress, ingress), egress, ingress };
}

type Connection = { index: Index; source: Located; destination: Located; protocol: Protocol; port: number };

function verdictOf(...sides: ExplainedSide[]): Explanation['verdict'] {
  if (sides.some(({ allowed, doubts }) => !allowed && doubts.length === 0)) return 'denied';
  return sides.every(({ allowed, doubts }) => allowed && doubts.length === 0) ? 'allowed' : 'unknown';
}

function explainSide(connection: Connection, direction: Direction, side: Side): ExplainedSide {
  const own = direction === 'egress' ? connection.source.pod : connection.destination.pod;
  if (side.why !== 'policy' || own === undefined)
    return { ...side, rules: [], doubts: modeDoubts(connection.index, side, own) };
  const policies = connection.index.classOf(own).selectedBy[direction];
  const judged = policies.flatMap((policy) => judgeRules(connection, direction, policy));
  const allowing = judged.filter(({ allowed }) => allowed);
  if (allowing.length > 0) {
    const sure = allowing.some(({ unsure }) => unsure.length === 0);
    const doubts = sure ? [] : allowing.flatMap(({ unsure }) => unsure);
    return { ...side, rules: allowing.map(({ ref }) => ref), doubts: [...new Set(doubts)] };
  }
  // A rule that is missed by nothing sure might allow after all.
  const possible = judged.filter(({ differs }) => differs.every(({ doubt }) => doubt !== undefined));
  const doubts = [
    ...new Set(possible.flatMap(({ differs, unsure }) => [...differs.map(({ doubt }) => doubt!), ...unsure])),
  ];
  const [nearest] = judged.sort((a, b) => distance(a) - distance(b) || a.differs.length - b.differs.length);
  return { ...side, rules: [], doubts, ...(nearest && { nearest: { ...nearest.ref, differs: nearest.differs } }) };
}

/** The mode of isolation is a label of the namespace. */
function modeDoubts({ world }: Index, { why }: Side, own: PolicyPod | undefined): string[] {
  const byMode = why === 'off' || why === 'island' || why === 'deny';
  if (!byMode || world.foreign || own === undefined || isKnown(world, own.namespace)) return [];
  return [`the labels of namespace "${own.namespace}", which say how it is isolated, are not known`];
}

/** `unsure`: why what is allowed may not be. */
type Judged = { ref: RuleRef; allowed: boolean; differs: Difference[]; unsure: string[] };

function judgeRules(connection: Connection, direction: Direction, policy: ParsedPolicy): Judged[] {
  const { index, source, destination, protocol, port } = connection;
  const far = direction === 'egress' ? destination : source;
  return (policy.rules[direction] ?? []).map((rule, number) => {
    const allowed = ruleAllows(index, rule, far, destination, protocol, port);
    const ref = { policy: policy.name, direction, rule: number };
    if (far.service !== undefined) return { ref, allowed, differs: allowed ? [] : serviceDiffers(far), unsure: [] };
    const { peer, differs, unsure } = nearestPeer(index, rule, far);
    return {
      ref: peer === undefined ? ref : { ...ref, peer },
      ...{ allowed, unsure },
      differs: [...differs, ...portDiffers(rule, destination, protocol, port)],
    };
  });
}
