import type { NodeInfo } from './node-info.ts';
import type { Verdict } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/** What the local plugins (plugin.ts) say of a node: whether the first of them refuses it, and else their raw scores. */
export type Judgement = { node: NodeInfo; verdict: Verdict | undefined; scores: readonly number[] };

/** Templates that are known at once; of each, one judgement per node. */
export const templatesMax = 8;

type Known = Judgement & { version: number };

/**
 * Pods of one template ask the same of a node, and its answer holds until the node changes: a pod more costs the nodes
 * that changed since the last one like it, not all that are looked at.
 */
export type Memo = {
  /** For pods like this one: gives what is known of the node at a position, or asks `judge` and keeps it. */
  of(pod: PodInfo): (position: number, node: NodeInfo, judge: (node: NodeInfo) => Judgement) => Judgement;
};

export function createMemo(): Memo {
  const templates = new Map<string, (Known | undefined)[]>();

  function nodesOf(key: string): (Known | undefined)[] {
    const nodes = templates.get(key) ?? [];
    // The one that was not asked for longest goes first.
    templates.delete(key);
    templates.set(key, nodes);
    if (templates.size > templatesMax) templates.delete(templates.keys().next().value!);
    return nodes;
  }

  return {
    of(pod) {
      const nodes = nodesOf(signature(pod));
      return (position, node, judge) => {
        const known = nodes[position];
        if (known?.node === node && known.version === node.version) return known;
        const { verdict, scores } = judge(node);
        const fresh = { node, version: node.version, verdict, scores };
        nodes[position] = fresh;
        return fresh;
      };
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
