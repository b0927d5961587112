import { matchesSelector, wantedLabel } from '../../api/selectors.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo, Spread } from '../pod-info.ts';
import type { Question } from '../questions.ts';
import { matchesNode } from './node-affinity.ts';
import { untoleratedTaint } from './taints.ts';

/** Matching pods of the pod's namespace, in the domains of nodes that it could go to. */
export function spreadQuestion(constraint: Spread, pod: PodInfo, keys: string[]): Question {
  const { selector, topologyKey, honorsAffinity, honorsTaints } = constraint;
  const { nodeSelector, affinity, tolerations } = pod.pod.spec ?? {};
  const isEligible = (node: NodeInfo) =>
    keys.every((key) => node.labels[key] !== undefined) &&
    (!honorsAffinity || matchesNode(pod, node)) &&
    (!honorsTaints || untoleratedTaint(tolerations, node) === undefined);
  const ofNode = [honorsAffinity && [nodeSelector, affinity?.nodeAffinity], honorsTaints && [tolerations ?? []]];
  return {
    key: JSON.stringify(['spread', pod.namespace, selector, topologyKey, keys, ofNode]),
    namespaces: [pod.namespace],
    label: wantedLabel(selector),
    emptyDomainOf: (node) => (isEligible(node) ? node.labels[topologyKey] : undefined),
    domainOf: (other, node) =>
      other.namespace === pod.namespace &&
      other.pod.metadata.deletionTimestamp === undefined &&
      matchesSelector(selector, other.labels) &&
      isEligible(node)
        ? node.labels[topologyKey]
        : undefined,
  };
}
