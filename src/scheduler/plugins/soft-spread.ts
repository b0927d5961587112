import type { LabelSelector } from '../../api/selectors.ts';
import type { Domains } from '../domains.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Question } from '../questions.ts';
import type { Snapshot } from '../snapshot.ts';
import { spreadQuestion } from './spread-question.ts';

/** `weight`: of a pod more in a domain; `unlabelled`: the score of a node that is in none. */
export type SoftSpread = {
  topologyKey: string;
  maxSkew: number;
  domains: Domains;
  weight: number;
  unlabelled: number;
};

/** The more domains there are, the fewer pods make one of them full. */
const weightOf = (domains: number): number => Math.log(domains + 2);

/** What the pod asks for. Nodes without a label that it names come last. */
export function statedSpread(pod: PodInfo, { topology }: Snapshot): SoftSpread[] {
  const constraints = pod.spread.filter(({ hard }) => !hard);
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  return constraints.map((constraint) => {
    const { topologyKey, maxSkew } = constraint;
    const domains = topology.count(spreadQuestion(constraint, pod, keys));
    return { topologyKey, maxSkew, domains, weight: weightOf(domains.size()), unlabelled: Infinity };
  });
}

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
/** Source: kubernetes/kubernetes pkg/scheduler/framework/plugins/podtopologyspread/plugin.go, systemDefaultConstraints. */
const maxSkews = { [hostname]: 3, [zone]: 5 };

/** The zones there are: one question for all pods. */
const zones: Question = {
  key: 'zones',
  namespaces: [],
  domainOf: () => undefined,
  emptyDomainOf: ({ labels }) => labels[zone],
};

/**
 * What pods get that ask for nothing: over nodes, and over zones where there are any. Nodes without a zone are none the
 * worse. Only where siblings stand is counted, not every node, since nearly all pods ask this.
 */
export function defaultSpread(siblings: LabelSelector, pod: PodInfo, { topology, nodes }: Snapshot): SoftSpread[] {
  const over = (topologyKey: keyof typeof maxSkews, size: number): SoftSpread => {
    const maxSkew = maxSkews[topologyKey]!;
    const all = { selector: siblings, minDomains: 1, honorsAffinity: true, honorsTaints: false };
    const question = spreadQuestion({ ...all, hard: false, topologyKey, maxSkew }, pod, []);
    const domains = topology.count({ ...question, emptyDomainOf: undefined });
    return { topologyKey, maxSkew, domains, weight: weightOf(size), unlabelled: 0 };
  };
  const size = topology.count(zones).size();
  return [over(hostname, nodes.length), ...(size > 0 ? [over(zone, size)] : [])];
}

export function scoreSpread(soft: SoftSpread[], { labels }: NodeInfo): number {
  let sum = 0;
  for (const { topologyKey, maxSkew, domains, weight, unlabelled } of soft) {
    const domain = labels[topologyKey];
    sum += domain === undefined ? unlabelled : domains.number(domain) * weight + (maxSkew - 1);
  }
  return sum;
}

/** Emptier is better; nodes without the label come last. */
export function emptierIsBetter(scores: Float64Array): void {
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
