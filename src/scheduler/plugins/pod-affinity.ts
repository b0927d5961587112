import { wantedLabel } from '../../api/selectors.ts';
import type { Domains } from '../domains.ts';
import type { NodeInfo } from '../node-info.ts';
import { type Plugin, spreadOverRange } from '../plugin.ts';
import { type PodInfo, type PodTerm, termMatches } from '../pod-info.ts';
import type { Question } from '../questions.ts';
import type { Snapshot } from '../snapshot.ts';

/** Domains of one topology, and who stands there. */
type Stands = { topologyKey: string; domains: Domains };
type State = {
  /** By the pod's affinity terms: where pods stand that match all of them. */
  wanted: Stands[];
  /** Nobody matches yet, but the pod would match itself: it may be the first. */
  mayBeFirst: boolean;
  /** Where those stand that the pod itself keeps away from, and those that keep it away. */
  avoided: Stands[];
  forbidden: Stands[];
  preferred: (Stands & { weight: number })[];
};

/** Placed pods that all `terms` mean, where `topologyKey` puts them. */
function question(terms: PodTerm[], topologyKey: string, { namespaceLabels }: Snapshot): Question {
  const [{ namespaces, selector }] = terms as [PodTerm];
  const looksAtNamespaces = terms.some(({ namespaceSelector }) => namespaceSelector !== undefined);
  return {
    key: JSON.stringify(['terms', topologyKey, ...terms.map(({ key }) => key)]),
    namespaces: looksAtNamespaces ? undefined : namespaces,
    label: wantedLabel(selector),
    domainOf: (other, node) =>
      terms.every((term) => termMatches(term, other, namespaceLabels)) ? node.labels[topologyKey] : undefined,
  };
}

function prepare(pod: PodInfo, snapshot: Snapshot): State | undefined {
  const { topology, namespaceLabels } = snapshot;
  const meansPod = ({ term }: { term: PodTerm }) => termMatches(term, pod, namespaceLabels);
  const standing = ({ topologyKey }: PodTerm, terms: PodTerm[]): Stands => ({
    topologyKey,
    domains: topology.count(question(terms, topologyKey, snapshot)),
  });
  const wanted = pod.affinity.map((term) => standing(term, pod.affinity));
  const avoided = pod.antiAffinity.map((term) => standing(term, [term])).filter(isSomewhere);
  const forbidden = [...topology.antiAffine()].filter(meansPod).map(toStands);
  const preferred = [
    ...pod.preferred.map(({ term, weight }) => ({ ...standing(term, [term]), weight })).filter(isSomewhere),
    ...[...topology.affine()].filter(meansPod).map((carried) => ({ ...toStands(carried), weight: carried.weight })),
  ];
  if (wanted.length + avoided.length + forbidden.length + preferred.length === 0) return undefined;
  const mayBeFirst = !wanted.some(isSomewhere) && pod.affinity.every((term) => meansPod({ term }));
  return { wanted, mayBeFirst, avoided, forbidden, preferred };
}

const isSomewhere = ({ domains }: Stands): boolean => !domains.isEmpty();
const toStands = ({ term: { topologyKey }, domains }: { term: PodTerm; domains: Domains }): Stands => ({
  topologyKey,
  domains,
});
const numberOn = ({ labels }: NodeInfo, { topologyKey, domains }: Stands): number =>
  domains.number(labels[topologyKey]);

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
  filter({ wanted, mayBeFirst, avoided, forbidden }, _pod, node) {
    const isWanted = (stands: Stands) => mayBeFirst || numberOn(node, stands) > 0;
    for (const stands of wanted)
      if (node.labels[stands.topologyKey] === undefined || !isWanted(stands)) return affinityRefusals;
    for (const stands of avoided) if (numberOn(node, stands) > 0) return antiAffinityRefusals;
    for (const stands of forbidden) if (numberOn(node, stands) > 0) return existingRefusals;
    return undefined;
  },
  weight: 2,
  score({ preferred }, _pod, node) {
    let sum = 0;
    for (const stands of preferred) sum += stands.weight * numberOn(node, stands);
    return sum;
  },
  normalize: spreadOverRange,
};
