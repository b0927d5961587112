import type { NodeInfo } from './node-info.ts';
import type { PodInfo, PodTerm } from './pod-info.ts';

/** How many placed pods stand in each domain, by the value of its label. */
export type Domains = {
  number(domain: string | undefined): number;
  size(): number;
  /** The least number of any domain; Infinity when there is none. */
  least(): number;
  /** Nobody stands anywhere. */
  isEmpty(): boolean;
  /** A copy with one less in each of these. */
  less(domains: string[]): Domains;
};

/** Which placed pods are counted, and where. Equal keys mean equal questions. */
export type Question = {
  key: string;
  /** Undefined: pods of all of them. */
  namespaces: readonly string[] | undefined;
  /** The domain that a placed pod counts for, if it does. */
  domainOf(pod: PodInfo, node: NodeInfo): string | undefined;
  /** The domain that a node makes even when nobody stands there. */
  emptyDomainOf?(node: NodeInfo): string | undefined;
  looksAtTaints?: boolean;
};

type Term = { term: PodTerm; weight: number };
/** A term of placed pods, and where those stand that have it. */
export type Carried = Term & { domains: Domains };

export type Topology = {
  count(question: Question): Domains;
  /** Required anti-affinity of placed pods, and all other terms that newcomers are to honor. */
  antiAffine(): Iterable<Carried>;
  affine(): Iterable<Carried>;
};

/** What is counted of the placed pods, as they come and go. */
export type LiveTopology = Topology & {
  placed(pod: PodInfo): void;
  /** Its node must still be known. */
  unplaced(pod: PodInfo): void;
  /** With the pods that are on it. */
  nodeAdded(node: NodeInfo): void;
  /** Where nodes stand, or what namespaces are, is not what it was: everything is counted again. */
  forget(): void;
  taintsChanged(): void;
};

type Placed = {
  nodes: Iterable<NodeInfo>;
  node(name: string): NodeInfo | undefined;
  pods: Iterable<PodInfo>;
  podsIn(namespace: string): Iterable<PodInfo>;
};
type Counted = Domains & { add(domain: string, by: number): void };

/** Questions that are kept answered at once. */
export const questionsMax = 256;

/**
 * Counts once and then follows each pod: those of one template ask the same, and going over all nodes and pods for each of
 * them is what made them dear.
 */
export function createTopology({ nodes, node, pods, podsIn }: Placed): LiveTopology {
  const asked = new Map<string, { question: Question; domains: Counted }>();
  const [antiAffine, affine] = [createCarried(keepingAway), createCarried(toBeHonored)];
  let isCarriedKnown = false;

  function answer(question: Question): Counted {
    const domains = createDomains();
    for (const each of question.emptyDomainOf ? nodes : []) beThere(question, domains, each);
    for (const some of question.namespaces?.map(podsIn) ?? [pods])
      for (const pod of some) follow(question, domains, pod, node(pod.nodeName), 1);
    return domains;
  }

  function count(question: Question): Domains {
    const { key } = question;
    const known = asked.get(key) ?? { question, domains: answer(question) };
    // The one that was not asked for longest goes first.
    asked.delete(key);
    asked.set(key, known);
    if (asked.size > questionsMax) asked.delete(asked.keys().next().value!);
    return known.domains;
  }

  function knowCarried(): void {
    if (isCarriedKnown) return;
    isCarriedKnown = true;
    for (const pod of pods) carry(pod, node(pod.nodeName), 1);
  }

  function carry(pod: PodInfo, place: NodeInfo | undefined, by: 1 | -1): void {
    antiAffine.add(pod, place, by);
    affine.add(pod, place, by);
  }

  function change(pod: PodInfo, by: 1 | -1): void {
    const place = node(pod.nodeName);
    for (const { question, domains } of asked.values()) follow(question, domains, pod, place, by);
    if (isCarriedKnown) carry(pod, place, by);
  }

  return {
    count,
    antiAffine() {
      knowCarried();
      return antiAffine.all();
    },
    affine() {
      knowCarried();
      return affine.all();
    },
    placed: (pod) => change(pod, 1),
    unplaced: (pod) => change(pod, -1),
    nodeAdded(added) {
      for (const { question, domains } of asked.values()) beThere(question, domains, added);
      for (const pod of added.pods.values()) change(pod, 1);
    },
    taintsChanged() {
      for (const [key, { question }] of asked) if (question.looksAtTaints) asked.delete(key);
    },
    forget() {
      asked.clear();
      antiAffine.clear();
      affine.clear();
      isCarriedKnown = false;
    },
  };
}

function follow(question: Question, domains: Counted, pod: PodInfo, place: NodeInfo | undefined, by: 1 | -1): void {
  const domain = place && question.domainOf(pod, place);
  if (domain !== undefined) domains.add(domain, by);
}

function beThere(question: Question, domains: Counted, node: NodeInfo): void {
  const domain = question.emptyDomainOf?.(node);
  if (domain !== undefined) domains.add(domain, 0);
}

function createDomains(numbers = new Map<string, number>(), levels = new Map<number, number>()): Counted {
  // How many domains have each number: the least is wanted for every decision, and there are few different ones.
  const count = (level: number, by: 1 | -1) => {
    const domains = (levels.get(level) ?? 0) + by;
    if (domains > 0) levels.set(level, domains);
    else levels.delete(level);
  };
  return {
    number: (domain) => (domain === undefined ? 0 : (numbers.get(domain) ?? 0)),
    size: () => numbers.size,
    least: () => Math.min(...levels.keys()),
    isEmpty: () => levels.size === 0 || (levels.size === 1 && levels.has(0)),
    less(domains) {
      const copy = createDomains(new Map(numbers), new Map(levels));
      for (const domain of domains) copy.add(domain, -1);
      return copy;
    },
    add(domain, by) {
      const before = numbers.get(domain);
      if (before !== undefined) count(before, -1);
      numbers.set(domain, (before ?? 0) + by);
      count((before ?? 0) + by, 1);
    },
  };
}

const keepingAway = ({ antiAffinity }: PodInfo): Term[] => antiAffinity.map((term) => ({ term, weight: 1 }));
const toBeHonored = ({ affinity, preferred }: PodInfo): Term[] => [
  ...affinity.map((term) => ({ term, weight: 1 })),
  ...preferred,
];

/** Terms of placed pods, each once for all that have it. */
function createCarried(termsOf: (pod: PodInfo) => Term[]) {
  const all = new Map<string, Term & { domains: Counted }>();
  return {
    add(pod: PodInfo, node: NodeInfo | undefined, by: 1 | -1): void {
      for (const { term, weight } of termsOf(pod)) {
        const domain = node?.labels[term.topologyKey];
        if (domain === undefined) continue;
        const key = `${weight} ${term.key}`;
        const known = all.get(key) ?? { term, weight, domains: createDomains() };
        all.set(key, known);
        known.domains.add(domain, by);
        if (known.domains.isEmpty()) all.delete(key);
      }
    },
    all: (): Iterable<Carried> => all.values(),
    clear: () => all.clear(),
  };
}

/** As if these pods, which all are on `node`, were gone. */
export function topologyWithout(topology: Topology, node: NodeInfo, gone: Iterable<PodInfo>): Topology {
  const pods = [...gone];
  const lessened = (carried: Iterable<Carried>, termsOf: (pod: PodInfo) => Term[]) =>
    [...carried].map(({ term, weight, domains }) => {
      const isSame = (other: Term) => other.weight === weight && other.term.key === term.key;
      const left = pods
        .flatMap((pod) => termsOf(pod).filter(isSame))
        .flatMap(() => node.labels[term.topologyKey] ?? []);
      return { term, weight, domains: left.length > 0 ? domains.less(left) : domains };
    });
  return {
    count(question) {
      const left = pods.flatMap((pod) => question.domainOf(pod, node) ?? []);
      return left.length > 0 ? topology.count(question).less(left) : topology.count(question);
    },
    antiAffine: () => lessened(topology.antiAffine(), keepingAway),
    affine: () => lessened(topology.affine(), toBeHonored),
  };
}
