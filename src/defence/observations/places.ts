import type { FlowEnd } from '../../api/observations/observation.ts';
import type { Party, PolicyPod, Protocol, WellKnown, World } from '../../policy/policy.ts';
import { podKey, podsByKey } from '../../policy/policy.ts';
import { bareKind, type ObjectRef } from '../object-ref.ts';
import type { SnapshotWorld } from '../snapshot/world.ts';

/** One end of a flow in both worlds. A party that is undefined: the change removes it. */
export type Place = {
  before: Party;
  after: Party | undefined;
  /** `Deployment shop/api`, `pod shop/debug`, `node n1`, `192.0.2.7`: what people call it. */
  text: string;
  /** The pod of the world before. */
  pod?: PolicyPod;
  /** Nodes offer this to pods in place of pods of its own: DNS, the API. */
  service?: WellKnown;
};

/** Labels that controllers add, each time with another value. */
const madeByControllers = new Set([
  ...['pod-template-hash', 'controller-revision-hash', 'pod-template-generation', 'statefulset.kubernetes.io/pod-name'],
  ...['apps.kubernetes.io/pod-index', 'batch.kubernetes.io/controller-uid', 'controller-uid'],
  ...['batch.kubernetes.io/job-completion-index'],
]);

/** The labels by which a workload's pods are known, whichever of them it is. */
export const lastingLabels = (labels: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !madeByControllers.has(key)));

/** `Deployment shop/api` for what a pod belongs to; a pod of its own is `pod shop/debug`. */
export const workloadText = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind === 'Pod' ? 'pod' : bareKind(kind)} ${namespace || 'default'}/${name}`;

/** `the cluster’s dns`. */
export const serviceText = (name: string): string => `the cluster’s ${name}`;

/** `port` is given for the end that is connected to. */
export type Places = { place(end: FlowEnd, protocol?: Protocol, port?: number): Place; standIns: PolicyPod[] };

/** Finds the ends of flows in both worlds. Pods that are gone are placed by their workload, or by their labels. */
export function placesOf(before: SnapshotWorld, after: SnapshotWorld): Places {
  const old = podsOf(before);
  const now = podsOf(after);
  const standIns = new Map<string, PolicyPod>();
  const place = (end: FlowEnd): Place => {
    if (end.type !== 'pod') {
      const party = { address: end.address };
      const text = end.type === 'node' ? `node ${end.name}` : end.address;
      return { before: party, after: party, text };
    }
    const found = old.find(end);
    const key = found === undefined ? undefined : podKey(found);
    if (found !== undefined && key !== undefined) {
      // A template stands for pods only where it did before: a workload without pods answers nobody.
      const next = now.byKey.get(key) ?? now.find({ ...end, name: '' });
      const stays = next && after.templates.has(podKey(next)) && !before.templates.has(key) ? undefined : next;
      const ref = before.workloads.get(key);
      const text = ref === undefined ? `pod ${key}` : workloadText(ref);
      return { before: { pod: key }, after: stays && { pod: podKey(stays) }, text, pod: found };
    }
    const labels = lastingLabels(end.labels);
    const standIn: PolicyPod = {
      ...{ namespace: end.namespace, name: `gone/${end.name}`, labels, ips: [], node: '', hostNetwork: false },
      ports: [],
    };
    standIns.set(podKey(standIn), standIn);
    const party = { pod: podKey(standIn) };
    const [kind, name] = end.workload?.split('/') ?? ['pod', end.name];
    return { before: party, after: party, text: `${kind} ${end.namespace}/${name} (gone)`, pod: standIn };
  };
  const remembered = new Map<string, Place>();
  const offered = (address: string, protocol: Protocol | undefined, port: number | undefined) =>
    before.world.wellKnown.find(
      ({ protocols, backend, aliases }) =>
        protocols.some((each) => each === protocol) &&
        [backend, ...aliases].some((at) => at.address === address && at.port === port),
    );
  return {
    place(end, protocol, port) {
      const service = end.type === 'pod' ? undefined : offered(end.address, protocol, port);
      if (service !== undefined) return { ...place(end), text: serviceText(service.name), service };
      const key = end.type === 'pod' ? `${end.namespace}/${end.name} ${end.workload}` : `${end.type} ${end.address}`;
      const known = remembered.get(key) ?? place(end);
      remembered.set(key, known);
      return known;
    },
    get standIns() {
      return [...standIns.values()];
    },
  };
}

function podsOf({ world, workloads }: SnapshotWorld) {
  const byKey = podsByKey(world.pods);
  const firstBy = (keyOf: (pod: PolicyPod) => string | undefined) => {
    const found = new Map<string, PolicyPod>();
    for (const pod of world.pods) {
      const key = keyOf(pod);
      if (key !== undefined && !found.has(key)) found.set(key, pod);
    }
    return found;
  };
  const ofWorkload = (pod: PolicyPod) => {
    const ref = workloads.get(podKey(pod));
    return ref && `${pod.namespace} ${bareKind(ref.kind)}/${ref.name}`;
  };
  // Most pods that were seen live: only for the others these are made.
  let byWorkload: Map<string, PolicyPod> | undefined;
  let byLabels: Map<string, PolicyPod> | undefined;
  return {
    byKey,
    find({ namespace, name, workload, labels }: FlowEnd & { type: 'pod' }): PolicyPod | undefined {
      const alive = byKey.get(`${namespace}/${name}`);
      if (alive !== undefined) return alive;
      byWorkload ??= firstBy(ofWorkload);
      byLabels ??= firstBy((pod) => labelsKey(pod.namespace, pod.labels));
      return byWorkload.get(`${namespace} ${workload}`) ?? byLabels.get(labelsKey(namespace, labels));
    },
  };
}

const labelsKey = (namespace: string, labels: Record<string, string>): string =>
  JSON.stringify([namespace, ...Object.entries(lastingLabels(labels)).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** The world with pods that are gone, so that what was seen of them can be judged. */
export const withStandIns = (world: World, standIns: PolicyPod[]): World =>
  standIns.length === 0 ? world : { ...world, pods: [...world.pods, ...standIns] };
