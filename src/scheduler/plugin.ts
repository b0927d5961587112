import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** Why a node cannot take a pod. `resolvable`: it might if other pods left the node. */
export type Refusal = { reason: string; resolvable: boolean };
/** Why a pod was refused: by the first plugin that did. */
export type Verdict = { plugin: Plugin; refusals: readonly Refusal[] };

/** What changes in the cluster that may let a pod fit that did not. */
export type Wake = 'node' | 'pod-gone' | 'pod' | 'volume' | 'namespace';

/**
 * One rule of scheduling. `prepare` runs once per pod and decides whether the plugin has anything to say: undefined
 * leaves it out for this pod. `filter` refuses a node; `score` ranks those that are left, from 0 to 100 after
 * `normalize`, times `weight`. All are pure; none may change what it is given.
 */
export type Plugin<State = any> = {
  name: string;
  /** Changes that are worth another try after this plugin refused. */
  wakes: Wake[];
  /**
   * It looks at nothing but the pod's own template and the one node, in `prepare` too: what it said of a node holds for
   * pods of the same template until that node changes (memo.ts).
   */
  local?: true;
  prepare(pod: PodInfo, snapshot: Snapshot): Prepared<State> | undefined;
  filter?(state: State, pod: PodInfo, node: NodeInfo): readonly Refusal[] | undefined;
  weight?: number;
  score?(state: State, pod: PodInfo, node: NodeInfo): number;
  normalize?(scores: Float64Array): void;
  /** How far from fitting, for people: `needs cpu 2, has 1500m free`. */
  explain?(state: State, pod: PodInfo, node: NodeInfo): string;
};

/** `nodes`: only these can be chosen. `refused`: no node can. */
export type Prepared<State> = { state: State; nodes?: string[] } | { refused: Refusal };

/** A plugin that keeps nothing between nodes. */
export const stateless = { state: undefined };

/** Highest raw score becomes 100. */
export function highestIsBest(scores: Float64Array): void {
  let most = 0;
  for (const score of scores) most = Math.max(most, score);
  if (most === 0) return;
  for (let index = 0; index < scores.length; index++) scores[index] = (scores[index]! * 100) / most;
}

/** Raw score 0 becomes 100, the highest becomes 0. */
export function lowestIsBest(scores: Float64Array): void {
  highestIsBest(scores);
  for (let index = 0; index < scores.length; index++) scores[index] = 100 - scores[index]!;
}

/** The whole range, negative scores too, becomes 0 to 100; nothing to choose becomes 0. */
export function spreadOverRange(scores: Float64Array): void {
  let [least, most] = [Infinity, -Infinity];
  for (const score of scores) {
    least = Math.min(least, score);
    most = Math.max(most, score);
  }
  for (let index = 0; index < scores.length; index++)
    scores[index] = most > least ? ((scores[index]! - least) * 100) / (most - least) : 0;
}
