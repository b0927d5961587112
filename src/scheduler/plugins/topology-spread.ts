import { matchesSelector } from '../../api/selectors.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Plugin } from '../plugin.ts';
import type { PodInfo, Spread } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';
import { matchesNode } from './node-affinity.ts';
import { untoleratedTaint } from './taints.ts';

/** How many matching pods each domain has; for hard constraints also the least of them. */
type Counted = Spread & { domains: Map<string, number>; least: number; self: number };
type State = { hard: Counted[]; soft: Counted[] };

function countDomains(constraint: Spread, pod: PodInfo, snapshot: Snapshot, keys: string[]): Counted {
  const domains = new Map<string, number>();
  const isEligible = (node: NodeInfo) =>
    keys.every((key) => node.labels[key] !== undefined) &&
    (!constraint.honorsAffinity || matchesNode(pod, node)) &&
    (!constraint.honorsTaints || untoleratedTaint(pod.pod.spec?.tolerations, node) === undefined);
  const eligible = new Set<string>();
  for (const node of snapshot.nodes)
    if (isEligible(node)) {
      eligible.add(node.name);
      domains.set(node.labels[constraint.topologyKey]!, 0);
    }
  for (const other of snapshot.podsIn(pod.namespace)) {
    if (!eligible.has(other.nodeName) || other.pod.metadata.deletionTimestamp !== undefined) continue;
    if (!matchesSelector(constraint.selector, other.labels)) continue;
    const domain = snapshot.node(other.nodeName)!.labels[constraint.topologyKey]!;
    domains.set(domain, domains.get(domain)! + 1);
  }
  // Too few domains count as one more that is empty.
  let least = domains.size < constraint.minDomains ? 0 : Infinity;
  for (const number of domains.values()) least = Math.min(least, number);
  const self = matchesSelector(constraint.selector, pod.labels) ? 1 : 0;
  return { ...constraint, domains, least: least === Infinity ? 0 : least, self };
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
      return constraints.map((constraint) => countDomains(constraint, pod, snapshot, keys));
    };
    return { state: { hard: counted(true), soft: counted(false) } };
  },
  filter({ hard }, _pod, node) {
    for (const { topologyKey, domains, least, self, maxSkew } of hard) {
      const domain = node.labels[topologyKey];
      if (domain === undefined) return missingLabel;
      if ((domains.get(domain) ?? 0) + self - least > maxSkew) return uneven;
    }
    return undefined;
  },
  explain: ({ hard }, _pod, node) =>
    hard
      .map(({ topologyKey, domains, least, maxSkew }) => {
        const there = domains.get(node.labels[topologyKey] ?? '') ?? 0;
        return `${topologyKey}=${node.labels[topologyKey]} has ${there}, the emptiest ${least}, maxSkew ${maxSkew}`;
      })
      .join('; '),
  weight: 2,
  score({ soft }, _pod, node) {
    let sum = 0;
    for (const { topologyKey, domains, maxSkew } of soft) {
      const domain = node.labels[topologyKey];
      if (domain === undefined) return Infinity;
      sum += (domains.get(domain) ?? 0) * Math.log(domains.size + 2) + (maxSkew - 1);
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
