import type { Label } from '../api/selectors.ts';
import { type CountedDomains, createDomains, type Domains } from './domains.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Which placed pods are counted, and where. Equal keys mean equal questions. */
export type Question = {
  key: string;
  /** Undefined: pods of all of them, or what the namespaces are labelled decides: counted again when that changes. */
  namespaces: readonly string[] | undefined;
  /** A label that all pods have that are counted: others are not even asked about. */
  label?: Label | undefined;
  /** The domain that a placed pod counts for, if it does. */
  domainOf(pod: PodInfo, node: NodeInfo): string | undefined;
  /** The domain that a node makes even when nobody stands there. */
  emptyDomainOf?(node: NodeInfo): string | undefined;
};

export type Placed = {
  nodes: Iterable<NodeInfo>;
  node(name: string): NodeInfo | undefined;
  pods: Iterable<PodInfo>;
  podsIn(namespace: string): Iterable<PodInfo>;
};

type Answer = { question: Question; domains: CountedDomains };

/**
 * Domains that are kept counted, over all questions, some 46 bytes each: 400 questions about each of 5,000 nodes, or many
 * more about where some pods stand. A question itself takes as much as `domainsPerQuestion` of them.
 */
export const domainsMax = 2_000_000;
export const domainsPerQuestion = 32;

const indexKey = (label: Label | undefined) => (label ? label.join('=') : '');

/**
 * Answers are counted once and then follow each pod: those of one template ask the same, and going over all nodes and pods
 * for each of them is what made them dear. The one that was not asked for longest goes first.
 */
export function createQuestions({ nodes, node, pods, podsIn }: Placed) {
  const answers = new Map<string, Answer>();
  /** With '' those that look at pods of any labels. */
  const byLabel = new Map<string, Set<Answer>>();
  let kept = 0;

  function change({ domains }: Answer, by: (domains: CountedDomains) => void): void {
    const before = domains.size();
    by(domains);
    kept += domains.size() - before;
  }

  function follow(answer: Answer, pod: PodInfo, place: NodeInfo | undefined, by: 1 | -1): void {
    const domain = place && answer.question.domainOf(pod, place);
    if (domain !== undefined) change(answer, (domains) => domains.add(domain, by));
  }

  function stand(answer: Answer, place: NodeInfo, how: 'open' | 'close'): void {
    const domain = answer.question.emptyDomainOf?.(place);
    if (domain !== undefined) change(answer, (domains) => domains[how](domain));
  }

  function answerAnew(question: Question): Answer {
    const answer = { question, domains: createDomains() };
    for (const each of question.emptyDomainOf ? nodes : []) stand(answer, each, 'open');
    for (const some of question.namespaces?.map(podsIn) ?? [pods])
      for (const pod of some) follow(answer, pod, node(pod.nodeName), 1);
    const key = indexKey(question.label);
    byLabel.set(key, (byLabel.get(key) ?? new Set()).add(answer));
    kept += domainsPerQuestion;
    return answer;
  }

  function forget(answer: Answer): void {
    const { question, domains } = answer;
    answers.delete(question.key);
    const alike = byLabel.get(indexKey(question.label));
    if (alike?.delete(answer) && alike.size === 0) byLabel.delete(indexKey(question.label));
    kept -= domains.size() + domainsPerQuestion;
  }

  return {
    count(question: Question): Domains {
      const known = answers.get(question.key) ?? answerAnew(question);
      answers.delete(question.key);
      answers.set(question.key, known);
      for (const oldest of answers.values()) {
        if (kept <= domainsMax || oldest === known) break;
        forget(oldest);
      }
      return known.domains;
    },
    /** A pod comes or goes. */
    changePod(pod: PodInfo, by: 1 | -1): void {
      const place = node(pod.nodeName);
      for (const label of [undefined, ...Object.entries(pod.labels)])
        for (const answer of byLabel.get(indexKey(label)) ?? []) follow(answer, pod, place, by);
    },
    /** A node comes, or goes when all its pods have; they do for themselves. */
    changeNode(place: NodeInfo, how: 'open' | 'close'): void {
      for (const answer of answers.values()) stand(answer, place, how);
    },
    /** What namespaces are is not what it was. */
    namespacesChanged(): void {
      for (const answer of answers.values()) if (answer.question.namespaces === undefined) forget(answer);
    },
  };
}
