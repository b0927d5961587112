import type { NodeInfo } from '../node-info.ts';
import { type Plugin, spreadOverRange } from '../plugin.ts';
import { type PodInfo, type PodTerm, termMatches } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

/** Weights by `topologyKey=value`: what stands in a domain. */
type Domains = Map<string, number>;
type State = {
  /** Domains of pods that match all of the pod's affinity terms. */
  wanted: Domains;
  /** Domains the pod itself keeps away from, and those that placed pods keep it out of. */
  avoided: Domains;
  forbidden: Domains;
  /** Nobody matches yet, but the pod would match itself: it may be the first. */
  mayBeFirst: boolean;
  preferred: Domains;
};

const domainOf = (node: NodeInfo | undefined, key: string): string | undefined => {
  const value = node?.labels[key];
  return value === undefined ? undefined : `${key}=${value}`;
};

function count(domains: Domains, domain: string | undefined, weight = 1): void {
  if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + weight);
}

/** Placed pods that a term may mean: those of its namespaces. */
function* candidates(term: PodTerm, snapshot: Snapshot): Iterable<PodInfo> {
  if (term.namespaceSelector === undefined) {
    for (const namespace of term.namespaces) yield* snapshot.podsIn(namespace);
    return;
  }
  for (const namespace of snapshot.namespaces()) yield* snapshot.podsIn(namespace);
}

function prepare(pod: PodInfo, snapshot: Snapshot): State | undefined {
  const state: State = {
    wanted: new Map(),
    avoided: new Map(),
    forbidden: new Map(),
    mayBeFirst: false,
    preferred: new Map(),
  };
  const matches = (term: PodTerm, other: PodInfo) => termMatches(term, other, snapshot.namespaceLabels);
  const place = (other: PodInfo, term: PodTerm) => domainOf(snapshot.node(other.nodeName), term.topologyKey);

  const [first] = pod.affinity;
  if (first !== undefined) {
    for (const other of candidates(first, snapshot))
      if (pod.affinity.every((term) => matches(term, other)))
        for (const term of pod.affinity) count(state.wanted, place(other, term));
    state.mayBeFirst = state.wanted.size === 0 && pod.affinity.every((term) => matches(term, pod));
  }
  for (const term of pod.antiAffinity)
    for (const other of candidates(term, snapshot)) if (matches(term, other)) count(state.avoided, place(other, term));
  for (const other of snapshot.antiAffine)
    for (const term of other.antiAffinity) if (matches(term, pod)) count(state.forbidden, place(other, term));

  for (const { term, weight } of pod.preferred)
    for (const other of candidates(term, snapshot))
      if (matches(term, other)) count(state.preferred, place(other, term), weight);
  for (const other of snapshot.affine) {
    for (const term of other.affinity) if (matches(term, pod)) count(state.preferred, place(other, term));
    for (const { term, weight } of other.preferred)
      if (matches(term, pod)) count(state.preferred, place(other, term), weight);
  }
  const silent = state.avoided.size + state.forbidden.size + state.preferred.size === 0 && first === undefined;
  return silent ? undefined : state;
}

const affinityRefusals = [{ reason: "node(s) didn't match pod affinity rules", resolvable: false }];
const antiAffinityRefusals = [{ reason: "node(s) didn't match pod anti-affinity rules", resolvable: true }];
const existingRefusals = [{ reason: "node(s) didn't satisfy existing pods anti-affinity rules", resolvable: true }];

/** Pods that want to be together or apart, the newcomer's wishes and those of the pods that are there. */
export const podAffinity: Plugin<State> = {
  name: 'InterPodAffinity',
  wakes: ['node', 'pod', 'pod-gone', 'namespace'],
  prepare(pod, snapshot) {
    const state = prepare(pod, snapshot);
    return state && { state };
  },
  filter(state, pod, node) {
    const inAny = (domains: Domains) => {
      for (const key in node.labels) if (domains.has(`${key}=${node.labels[key]}`)) return true;
      return false;
    };
    if (!pod.affinity.every((term) => isWanted(state, domainOf(node, term.topologyKey)))) return affinityRefusals;
    if (state.avoided.size > 0 && inAny(state.avoided)) return antiAffinityRefusals;
    return state.forbidden.size > 0 && inAny(state.forbidden) ? existingRefusals : undefined;
  },
  weight: 2,
  score(state, _pod, node) {
    let sum = 0;
    if (state.preferred.size > 0)
      for (const key in node.labels) sum += state.preferred.get(`${key}=${node.labels[key]}`) ?? 0;
    return sum;
  },
  normalize: spreadOverRange,
};

const isWanted = ({ wanted, mayBeFirst }: State, domain: string | undefined) =>
  domain !== undefined && (mayBeFirst || wanted.has(domain));
