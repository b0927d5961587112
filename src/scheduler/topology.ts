import { type CountedDomains, createDomains, type Domains } from './domains.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo, PodTerm } from './pod-info.ts';
import { createQuestions, type Placed, type Question } from './questions.ts';

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
  /** With the pods that are on it. One that changes goes as it was and comes as it is. */
  nodeAdded(node: NodeInfo): void;
  /** It must still be known. */
  nodeRemoved(node: NodeInfo): void;
  /** What namespaces are is not what it was. */
  namespacesChanged(): void;
};

export function createTopology(around: Placed): LiveTopology {
  const { node, pods } = around;
  const questions = createQuestions(around);
  const [antiAffine, affine] = [createCarried(keepingAway), createCarried(toBeHonored)];
  let isCarriedKnown = false;

  function knowCarried(): void {
    if (isCarriedKnown) return;
    isCarriedKnown = true;
    for (const pod of pods) carry(pod, 1);
  }

  function carry(pod: PodInfo, by: 1 | -1): void {
    const place = node(pod.nodeName);
    antiAffine.add(pod, place, by);
    affine.add(pod, place, by);
  }

  function change(pod: PodInfo, by: 1 | -1): void {
    questions.changePod(pod, by);
    if (isCarriedKnown) carry(pod, by);
  }

  return {
    count: questions.count,
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
      questions.changeNode(added, 'open');
      for (const pod of added.pods.values()) change(pod, 1);
    },
    nodeRemoved(removed) {
      for (const pod of removed.pods.values()) change(pod, -1);
      questions.changeNode(removed, 'close');
    },
    namespacesChanged: questions.namespacesChanged,
  };
}

const keepingAway = ({ antiAffinity }: PodInfo): Term[] => antiAffinity.map((term) => ({ term, weight: 1 }));
const toBeHonored = ({ affinity, preferred }: PodInfo): Term[] => [
  ...affinity.map((term) => ({ term, weight: 1 })),
  ...preferred,
];

/** Terms of placed pods, each once for all that have it. */
function createCarried(termsOf: (pod: PodInfo) => Term[]) {
  const all = new Map<string, Term & { domains: CountedDomains }>();
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
  };
}

/** As if these pods, which all are on `node`, were gone. */
export function topologyWithout(topology: Topology, node: NodeInfo, gone: Iterable<PodInfo>): Topology {
  const pods = [...gone];
  const lessened = (carried: Iterable<Carried>, termsOf: (pod: PodInfo) => Term[]) =>
    [...carried].flatMap(({ term, weight, domains }) => {
      const isSame = (other: Term) => other.weight === weight && other.term.key === term.key;
      const left = pods
        .flatMap((pod) => termsOf(pod).filter(isSame))
        .flatMap(() => node.labels[term.topologyKey] ?? []);
      if (left.length === 0) return [{ term, weight, domains }];
      const others = domains.less(left);
      return others.isEmpty() ? [] : [{ term, weight, domains: others }];
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
