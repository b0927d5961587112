import { matchesSelector } from '../../api/selectors.ts';
import type { Domains } from '../domains.ts';
import type { Plugin } from '../plugin.ts';
import type { PodInfo, Spread } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';
import { defaultSpread, emptierIsBetter, type SoftSpread, scoreSpread, statedSpread } from './soft-spread.ts';
import { spreadQuestion } from './spread-question.ts';

/** `least`: of matching pods in any domain; `self`: of the pod itself, wherever it goes. */
type Counted = Spread & { domains: Domains; least: number; self: number };
/** `soft` is counted at the first score: where one node is left, there is none. */
type State = { hard: Counted[]; soft(): SoftSpread[] };

function count(constraint: Spread, pod: PodInfo, { topology }: Snapshot, keys: string[]): Counted {
  const domains = topology.count(spreadQuestion(constraint, pod, keys));
  // Too few domains count as one more that is empty.
  const least = domains.size() < Math.max(1, constraint.minDomains) ? 0 : domains.least();
  const self = matchesSelector(constraint.selector, pod.labels) ? 1 : 0;
  return { ...constraint, domains, least, self };
}

const missingLabel = [
  { reason: "node(s) didn't match pod topology spread constraints (missing required label)", resolvable: false },
];
const uneven = [{ reason: "node(s) didn't match pod topology spread constraints", resolvable: true }];

function counting(soft: () => SoftSpread[]): () => SoftSpread[] {
  let counted: SoftSpread[] | undefined;
  return () => {
    counted ??= soft();
    return counted;
  };
}

/**
 * Spreads matching pods over domains: hard constraints bound the skew, soft ones prefer emptier domains. Pods that state
 * none are spread softly from those that do the same work.
 */
export const topologySpread: Plugin<State> = {
  name: 'PodTopologySpread',
  wakes: ['node', 'pod', 'pod-gone'],
  prepare(pod, snapshot) {
    if (pod.spread.length === 0) {
      const siblings = snapshot.siblings(pod);
      return siblings && { state: { hard: [], soft: counting(() => defaultSpread(siblings, pod, snapshot)) } };
    }
    const hard = pod.spread.filter((constraint) => constraint.hard);
    const keys = hard.map(({ topologyKey }) => topologyKey);
    const state = {
      hard: hard.map((constraint) => count(constraint, pod, snapshot, keys)),
      soft: counting(() => statedSpread(pod, snapshot)),
    };
    return { state };
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
  score: ({ soft }, _pod, node) => scoreSpread(soft(), node),
  normalize: emptierIsBetter,
};
