/**
 * The one NetworkPolicy evaluator: pure, shared by what enforces (network) and what previews (defence). Semantics:
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/ plus the isolation modes of namespaces.
 *
 * Existing connections: a decision is about a connection, not about its first packet. When a policy tightens, what
 * enforces it must cut connections that are no longer allowed.
 */
import { type CompiledPod, createCompiler } from './compile.ts';
import { type Decision, evaluate, type Party } from './evaluate.ts';
import { type Explanation, explain } from './explain.ts';
import { createIndex } from './indexed.ts';
import type { PolicyPod, Protocol, World } from './world.ts';

export { type AddressRange, contains, formatAddress, parseAddress, parseBlock, subtract } from './address.ts';
export type { CompiledDirection, CompiledPod, PeerSet, PortRange } from './compile.ts';
export type { Difference } from './differences.ts';
export type { Decision, Party, Side } from './evaluate.ts';
export type { ExplainedSide, Explanation, RuleRef } from './explain.ts';
export { podsByKey } from './indexed.ts';
export {
  containerPorts,
  exposes,
  hostPortExposures,
  isOver,
  policyNamespace,
  policyNode,
  policyPod,
  serviceExposures,
  serviceNameLabel,
} from './objects.ts';
export { parsePolicy } from './parse.ts';
export { type ChangedParty, changedPairs } from './reachability/changes.ts';
export type { PartyClass } from './reachability/parties.ts';
export { portsText, withoutPorts } from './reachability/port-sets.ts';
export { createReachability, type Reachability } from './reachability/reachability.ts';
export * from './world.ts';

export type Evaluator = {
  /** May `from` connect to `to` there, and who decides? Throws RangeError for a pod that is not in the world. */
  evaluate(from: Party, to: Party, protocol: Protocol, port: number): Decision;
  /** The same, with the rules that decide, the rule that was missed by least, and what makes the answer doubtful. */
  explain(from: Party, to: Party, protocol: Protocol, port: number): Explanation;
  /** The same decision as plain sets, for one pod of the world that is not on its node's network. */
  compile(pod: PolicyPod): CompiledPod;
  /** Ports of pods on a node's own network: all that the node's pods may reach there besides well-known services. */
  nodePorts(node: string): { protocol: Protocol; port: number }[];
};

/** Judges a fixed world; make a new one when the world changes (parsed policies are kept by identity). */
export function createEvaluator(world: World): Evaluator {
  const index = createIndex(world);
  const compiler = createCompiler(index);
  return {
    evaluate: (from, to, protocol, port) => evaluate(index, from, to, protocol, port),
    explain: (from, to, protocol, port) => explain(index, from, to, protocol, port),
    ...compiler,
  };
}
