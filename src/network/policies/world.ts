import type { KubernetesObject } from '../../api/object.ts';
import type { Cache } from '../../client/cache.ts';
import {
  exposes,
  hostPortExposures,
  type Isolation,
  isOver,
  isolationProtection,
  type NetworkPolicy,
  type PolicyNode,
  type PolicyPod,
  policyNamespace,
  policyNode,
  policyPod,
  readIsolation,
  serviceExposures,
  serviceNameLabel,
  type WellKnown,
  type World,
} from '../../policy/policy.ts';

export type WorldCaches = {
  pods: Cache;
  namespaces: Cache;
  nodes: Cache;
  networkPolicies: Cache;
  services: Cache;
  endpointSlices: Cache;
  protections: Cache;
};

export const worldCaches = (cache: (resource: string) => Cache): WorldCaches => ({
  pods: cache('pods'),
  namespaces: cache('namespaces'),
  nodes: cache('nodes'),
  services: cache('services'),
  endpointSlices: cache('endpointslices.discovery.k8s.io'),
  networkPolicies: cache('networkpolicies.networking.k8s.io'),
  protections: cache('protections.defence.rempart.io'),
});

/** A pod whose sandbox runs here: its address is known before the API knows it, and until the sandbox is gone. */
export type LocalPod = { pod: KubernetesObject; ip: string };

/**
 * The world as the caches have it. Of this node's own pods the node knows better: one has an address exactly while its
 * sandbox runs (`locals`, by uid), whatever the API says; an address that is given out again belongs to one pod only.
 * `localPods` are the pods of `locals` in that world, by uid.
 */
export function worldOf(
  caches: WorldCaches,
  locals: ReadonlyMap<string, LocalPod>,
  self: PolicyNode,
  wellKnown: WellKnown[],
  /** Until the cluster has published what it is. */
  configuredIsolation: Isolation,
): { world: World; localPods: Map<string, PolicyPod> } {
  const localPods = new Map<string, PolicyPod>();
  const pods: PolicyPod[] = [];
  for (const object of caches.pods.list()) {
    const uid = object.metadata.uid ?? '';
    const pod = policyPod(object);
    const local = locals.get(uid);
    if (local !== undefined) localPods.set(uid, { ...pod, ips: [local.ip] });
    else if (pod.node === self.name && !pod.hostNetwork) pods.push({ ...pod, ips: [] });
    else if (!isOver(object)) pods.push(pod);
  }
  // Not told by the API: of a pod that starts it does not know the address yet, and one that was deleted by force runs on
  // here until its sandbox is gone.
  const untold = [...locals.values()].filter(({ pod }) => !localPods.has(pod.metadata.uid ?? ''));
  for (const { pod, ip } of untold) localPods.set(pod.metadata.uid ?? '', { ...policyPod(pod), ips: [ip] });
  pods.push(...localPods.values());
  const nodes = caches.nodes
    .list()
    .filter(({ metadata }) => metadata.name !== self.name)
    .map(policyNode);
  const mode = caches.protections.get('', isolationProtection)?.['spec']?.mode;
  const world = {
    defaultIsolation: mode === undefined ? configuredIsolation : readIsolation(mode),
    pods,
    namespaces: caches.namespaces.list().map(policyNamespace),
    nodes: [self, ...nodes],
    policies: caches.networkPolicies.list() as unknown as NetworkPolicy[],
    exposures: [
      ...serviceExposures(caches.services.list(), caches.endpointSlices.list(), pods),
      ...[...caches.pods.list(), ...untold.map(({ pod }) => pod)].flatMap(hostPortExposures),
    ],
    wellKnown,
  };
  return { world, localPods };
}

/**
 * Does this change matter to policies? Most changes do not: pods report conditions, nodes their health, and endpoints
 * count only where a service exposes them.
 */
export function changeMatters(
  caches: WorldCaches,
  cache: WorldCaches[keyof WorldCaches],
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): boolean {
  if (cache === caches.protections) return object.metadata.name === isolationProtection;
  if (cache === caches.services) return exposes(object) || (old !== undefined && exposes(old));
  if (cache === caches.endpointSlices) {
    const { namespace = '', labels } = object.metadata;
    const service = caches.services.get(namespace, labels?.[serviceNameLabel] ?? '');
    return service === undefined || exposes(service);
  }
  const facts = cache === caches.pods ? podFacts : cache === caches.nodes ? nodeFacts : undefined;
  if (facts === undefined) return true;
  // Pods that come or go: against none.
  const before = old === undefined || old === object ? undefined : JSON.stringify(facts(old));
  return JSON.stringify(facts(object)) !== before;
}

const nodeFacts = ({ status }: KubernetesObject) => status?.addresses ?? [];
/** Nothing while a pod has no address: no rule can be about it, and pods of this node are told by their sandbox. */
const podFacts = (pod: KubernetesObject) => {
  const { metadata, spec, status } = pod;
  if (!status?.podIP) return undefined;
  return [isOver(pod), metadata.labels, status?.podIPs, status?.podIP, spec?.nodeName];
};
