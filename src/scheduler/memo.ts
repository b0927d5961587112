import type { Verdict } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/**
 * What the local plugins (plugin.ts) say of nodes, by the nodes' positions: whether the first of them refuses, and else
 * the raw scores of each that has any. It holds where `stamps` are those of the snapshot. Columns, not objects: a
 * decision goes over hundreds of nodes, and reads one piece of memory instead of one for each of them.
 */
export type Sheet = { stamps: Float64Array; verdicts: (Verdict | undefined)[]; scores: Float64Array[] };

export function createSheet(nodes: number, scoring: number): Sheet {
  return {
    stamps: new Float64Array(nodes),
    verdicts: new Array<Verdict | undefined>(nodes).fill(undefined),
    scores: Array.from({ length: scoring }, () => new Float64Array(nodes)),
  };
}

/** Templates that are known at once. */
export const templatesMax = 8;

/**
 * Pods of one template ask the same of a node, and its answer holds until the node changes: a pod more costs the nodes
 * that changed since the last one like it, not all that are looked at.
 */
export type Memo = { of(pod: PodInfo, nodes: number, scoring: number): Sheet };

export function createMemo(): Memo {
  const templates = new Map<string, Sheet>();
  return {
    of(pod, nodes, scoring) {
      const key = signature(pod);
      let sheet = templates.get(key);
      if (sheet === undefined || sheet.stamps.length < nodes) sheet = createSheet(nodes, scoring);
      // The one that was not asked for longest goes first.
      templates.delete(key);
      templates.set(key, sheet);
      if (templates.size > templatesMax) templates.delete(templates.keys().next().value!);
      return sheet;
    },
  };
}

/** Everything of a pod that local plugins look at. */
function signature({ pod, requests, ports }: PodInfo): string {
  const { nodeName, nodeSelector, affinity, tolerations } = pod.spec ?? {};
  const { extended, ...amounts } = requests;
  return JSON.stringify([
    nodeName,
    nodeSelector,
    affinity?.nodeAffinity,
    tolerations,
    amounts,
    [...(extended ?? [])],
    ports,
  ]);
}
