import type { Sheet } from './memo.ts';
import type { NodeInfo } from './node-info.ts';
import type { Plugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/** A plugin that has something to say about the pod. */
export type Active = { plugin: Plugin; state: any };

type Choice = { active: Active[]; sheet: Sheet; nodes: readonly NodeInfo[]; feasible: number[] };

/** The position of the best of the feasible nodes; `random` chooses between equals. */
export function best({ active, sheet, nodes, feasible }: Choice, pod: PodInfo, random: () => number): number {
  if (feasible.length === 1) return feasible[0]!;
  const totals = new Float64Array(feasible.length);
  const scores = new Float64Array(feasible.length);
  let locals = 0;
  for (const { plugin, state } of active) {
    if (plugin.score === undefined) continue;
    const known = plugin.local ? sheet.scores[locals++]! : undefined;
    for (let index = 0; index < feasible.length; index++) {
      const position = feasible[index]!;
      scores[index] = known === undefined ? plugin.score(state, pod, nodes[position]!) : known[position]!;
    }
    plugin.normalize?.(scores);
    const weight = plugin.weight ?? 1;
    for (let index = 0; index < feasible.length; index++) totals[index]! += weight * scores[index]!;
  }
  let [chosen, equals] = [0, 1];
  for (let index = 1; index < feasible.length; index++) {
    if (totals[index]! < totals[chosen]!) continue;
    equals = totals[index]! > totals[chosen]! ? 1 : equals + 1;
    if (random() < 1 / equals) chosen = index;
  }
  return feasible[chosen]!;
}
