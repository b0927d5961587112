import { type Active, best } from './best.ts';
import { createSheet, type Memo, type Sheet } from './memo.ts';
import { copyNode, type NodeInfo, placePod } from './node-info.ts';
import type { Verdict } from './plugin.ts';
import { plugins } from './plugins.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

export type NodeVerdict = Verdict & { node: NodeInfo };
/** `visited` nodes were looked at, of which `feasible` could have taken the pod. */
export type Placement = { node: NodeInfo; visited: number; feasible: number };
/** `verdicts` has one entry per node of the snapshot; `everywhere` is set when no node was even asked. */
export type NoPlacement = { node: undefined; verdicts: NodeVerdict[]; everywhere: Verdict | undefined };

export type ScheduleOptions = {
  /** Where to begin looking, so that successive pods do not all see the same part of a large cluster. */
  startIndex?: number;
  /** Chooses between equals; from 0 to 1. */
  random?(): number;
  /** Of earlier decisions about the same snapshot as it changed: spares work, and changes no decision. */
  memo?: Memo;
};

const scoredNodesMin = 100;
const scoredNodesMax = 200;

/**
 * In large clusters not every feasible node is scored: upstream's share (50 % less one per 125 nodes, at least 5 %),
 * within these bounds. Source: pkg/scheduler/schedule_one.go, numFeasibleNodesToFind.
 */
export function nodesToScore(nodeCount: number): number {
  const share = Math.max(5, 50 - nodeCount / 125) / 100;
  return Math.min(Math.max(Math.floor(nodeCount * share), scoredNodesMin), scoredNodesMax);
}

/** Where should this pod go? A pure function: nothing is placed, nothing changes. */
export function schedule(pod: PodInfo, snapshot: Snapshot, options: ScheduleOptions = {}): Placement | NoPlacement {
  const { startIndex = 0, random = Math.random } = options;
  const prepared = prepare(pod, snapshot);
  if ('plugin' in prepared) return { node: undefined, verdicts: [], everywhere: prepared };
  const isPartial = prepared.nodes !== undefined;
  const nodes = prepared.nodes ?? snapshot.nodes;
  const wanted = nodesToScore(nodes.length);
  const scoring = prepared.active.filter(({ plugin }) => plugin.local && plugin.score !== undefined);
  const known = isPartial ? undefined : options.memo?.of(pod, nodes.length, scoring.length);
  const sheet = known ?? createSheet(nodes.length, scoring.length);
  const stamps = known && snapshot.stamps;
  const judgeAt = judgeOn({ sheet, stamps, nodes, active: prepared.active, scoring }, pod, snapshot);
  const feasible: number[] = [];
  const verdicts: NodeVerdict[] = [];
  let visited = 0;
  for (; visited < nodes.length && feasible.length < wanted; visited++) {
    const position = (startIndex + visited) % nodes.length;
    const verdict = judgeAt(position);
    if (verdict === undefined) feasible.push(position);
    else if (feasible.length === 0) verdicts.push({ ...verdict, node: nodes[position]! });
  }
  if (feasible.length > 0) {
    const node = nodes[best({ active: prepared.active, sheet, nodes, feasible }, pod, random)]!;
    return { node, visited, feasible: feasible.length };
  }
  return {
    node: undefined,
    verdicts: isPartial ? verdictsOfAll(prepared.active, pod, snapshot) : verdicts,
    everywhere: undefined,
  };
}

/** When only some nodes were looked at, those that were left out get their verdicts for the explanation. */
function verdictsOfAll(active: Active[], pod: PodInfo, snapshot: Snapshot): NodeVerdict[] {
  return snapshot.nodes.flatMap((node) => {
    const verdict = judge(active, pod, node, snapshot);
    return verdict === undefined ? [] : [{ ...verdict, node }];
  });
}

/** Could this one node take the pod? Undefined: it could. */
export function check(pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Verdict | undefined {
  const prepared = prepare(pod, snapshot);
  return 'plugin' in prepared ? prepared : judge(prepared.active, pod, node, snapshot);
}

export type Explanation = { node: NodeInfo; lacks: { verdict: Verdict; distance: string }[] };

/** For each of these nodes every plugin that refuses it, with how far from fitting it is. */
export function explain(pod: PodInfo, nodes: NodeInfo[], snapshot: Snapshot): Explanation[] {
  const prepared = prepare(pod, snapshot);
  if ('plugin' in prepared) return nodes.map((node) => ({ node, lacks: [{ verdict: prepared, distance: '' }] }));
  return nodes.map((node) => {
    const lacks = prepared.active.flatMap(({ plugin, state }) => {
      const refusals = plugin.filter?.(state, pod, node);
      if (refusals === undefined) return [];
      return [{ verdict: { plugin, refusals }, distance: plugin.explain?.(state, pod, node) ?? '' }];
    });
    return { node, lacks };
  });
}

function prepare(pod: PodInfo, snapshot: Snapshot): Verdict | { active: Active[]; nodes: NodeInfo[] | undefined } {
  const active: Active[] = [];
  let names: string[] | undefined;
  for (const plugin of plugins) {
    const prepared = plugin.prepare(pod, snapshot);
    if (prepared === undefined) continue;
    if ('refused' in prepared) return { plugin, refusals: [prepared.refused] };
    active.push({ plugin, state: prepared.state });
    if (prepared.nodes) names = names ? names.filter((name) => prepared.nodes!.includes(name)) : prepared.nodes;
  }
  return { active, nodes: names && [...new Set(names)].flatMap((name) => snapshot.node(name) ?? []) };
}

function judge(active: Active[], pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Verdict | undefined {
  return firstRefusal(active, pod, withPromised(node, pod, snapshot.nominated(node.name)));
}

function firstRefusal(active: Active[], pod: PodInfo, node: NodeInfo): Verdict | undefined {
  for (const { plugin, state } of active) {
    const refusals = plugin.filter?.(state, pod, node);
    if (refusals !== undefined) return { plugin, refusals };
  }
  return undefined;
}

type Judged = {
  sheet: Sheet;
  /** What of the sheet still holds; undefined: nothing was asked yet. */
  stamps: readonly number[] | undefined;
  nodes: readonly NodeInfo[];
  active: Active[];
  scoring: Active[];
};

/** Local plugins come first, here as in their list, and are asked only where the sheet does not tell. */
function judgeOn({ sheet, stamps, nodes, active, scoring }: Judged, pod: PodInfo, snapshot: Snapshot) {
  const local = active.filter(({ plugin }) => plugin.local);
  const others = active.filter(({ plugin }) => !plugin.local);
  const hasNominated = snapshot.hasNominated();
  const ask = (position: number) => {
    const node = nodes[position]!;
    const verdict = firstRefusal(local, pod, node);
    sheet.verdicts[position] = verdict;
    if (stamps !== undefined) sheet.stamps[position] = stamps[position]!;
    if (verdict !== undefined) return;
    for (const [index, { plugin, state }] of scoring.entries())
      sheet.scores[index]![position] = plugin.score!(state, pod, node);
  };
  return (position: number): Verdict | undefined => {
    if (stamps === undefined || sheet.stamps[position] !== stamps[position]) ask(position);
    // Who is promised a node only takes of it: what is refused without them is refused with them.
    if (hasNominated && snapshot.nominated(nodes[position]!.name).length > 0)
      return judge(active, pod, nodes[position]!, snapshot);
    const verdict = sheet.verdicts[position];
    return verdict ?? (others.length === 0 ? undefined : firstRefusal(others, pod, nodes[position]!));
  };
}

/** Pods that preempted others here come first, although they are not placed yet. */
function withPromised(node: NodeInfo, pod: PodInfo, nominated: readonly PodInfo[]): NodeInfo {
  if (nominated.length === 0) return node;
  const promised = nominated.filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority);
  if (promised.length === 0) return node;
  const copy = copyNode(node);
  for (const other of promised) if (!copy.pods.has(other.uid)) placePod(copy, other);
  return copy;
}
