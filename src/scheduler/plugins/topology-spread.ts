import { matchesSelector } from '../../api/selectors.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Plugin } from '../plugin.ts';
import type { PodInfo, Spread } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Domains, Question } from '../topology.ts';
import { matchesNode } from './node-affinity.ts';
import { untoleratedTaint } from './taints.ts';

/** `least`: of matching pods in any domain; `self`: of the pod itself, wherever it goes. */
type Counted = Spread & { domains: Domains; least: number; self: number };
type State = { hard: Counted[]; soft: Counted[] };

/** Matching pods of the pod's namespace, in the domains of nodes that it could go to. */
function question(constraint: Spread, pod: PodInfo, keys: string[]): Question {
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
    looksAtTaints: honorsTaints,
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

function count(constraint: Spread, pod: PodInfo, { topology }: Snapshot, keys: string[]): Counted {
  const domains = topology.count(question(constraint, pod, keys));
  // Too few domains count as one more that is empty.
  const least = domains.size() < Math.max(1, constraint.minDomains) ? 0 : domains.least();
  const self = matchesSelector(constraint.selector, pod.labels) ? 1 : 0;
  return { ...constraint, domains, least, self };
}

const missingLabel = [
  { reason: "node(s) didn't match pod topology spread constraints (missing required label)", resolvable: false },
];
const uneven = [{ reason: "node(s) didn't match pod topology spread constraints", resolvable: true }];

/** Spreads matching pods over domains: hard constraints bound the skew, soft ones prefer emptier domains. */
export const topologySpread: Plugin<State> = {
  name: 'PodTopologySpread',
  wakes: ['node', 'pod', 'pod-gone'],
  prepare(pod, snapshot) {
    if (pod.spread.length === 0) return undefined;
    const counted = (hard: boolean) => {
      const constraints = pod.spread.filter((constraint) => constraint.hard === hard);
      const keys = constraints.map(({ topologyKey }) => topologyKey);
      return constraints.map((constraint) => count(constraint, pod, snapshot, keys));
    };
    return { state: { hard: counted(true), soft: counted(false) } };
  },
  filter({ hard }, _pod, node) {
    for (const { topologyKey, domains, least, self, maxSkew } of hard) {
      const domain = node.labels[topologyKey];
      if (domain === undefined) return missingLabel;
      if (domains.number(domain) + self - least > maxSkew) return uneven;
    }
    return undefined;
  },
  explain: ({ hard }, _pod, node) =>
    hard
      .map(({ topologyKey, domains, least, maxSkew }) => {
        const there = domains.number(node.labels[topologyKey]);
        return `${topologyKey}=${node.labels[topologyKey]} has ${there}, the emptiest ${least}, maxSkew ${maxSkew}`;
      })
      .join('; '),
  weight: 2,
  score({ soft }, _pod, node) {
    let sum = 0;
    for (const { topologyKey, domains, maxSkew } of soft) {
      const domain = node.labels[topologyKey];
      if (domain === undefined) return Infinity;
      sum += domains.number(domain) * Math.log(domains.size() + 2) + (maxSkew - 1);
    }
    return sum;
  },
  normalize,
};

/** Emptier is better; nodes without the label come last. */
function normalize(scores: Float64Array): void {
  let [least, most] = [Infinity, 0];
  for (const score of scores) {
    least = Math.min(least, score);
    if (score !== Infinity) most = Math.max(most, score);
  }
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!;
    scores[index] = score === Infinity ? 0 : most === 0 ? 100 : (100 * (most + least - score)) / most;
  }
}
