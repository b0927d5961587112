import type { KubernetesObject } from '../../api/object.ts';
import { isSidecar } from '../../api/pod-resources.ts';
import type { Cache } from '../../client/cache.ts';
import {
  type Exposure,
  type NetworkPolicy,
  type PolicyNamespace,
  type PolicyNode,
  type PolicyPod,
  type Protocol,
  parseAddress,
  type WellKnown,
  type World,
} from '../../policy/policy.ts';
import { serviceNameLabel } from '../services/frontends.ts';

export type WorldCaches = {
  pods: Cache;
  namespaces: Cache;
  nodes: Cache;
  networkPolicies: Cache;
  services: Cache;
  endpointSlices: Cache;
};
/** A pod whose sandbox runs here: its address is known before the API knows it, and until the sandbox is gone. */
export type LocalPod = { pod: KubernetesObject; ip: string };

const converted = new WeakMap<KubernetesObject, PolicyPod>();
const namespaces = new WeakMap<KubernetesObject, PolicyNamespace>();

const isOver = ({ status }: KubernetesObject) => status?.phase === 'Succeeded' || status?.phase === 'Failed';

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
  // A pod that was deleted by force runs on here until its sandbox is gone.
  for (const [uid, { pod, ip }] of locals)
    if (!localPods.has(uid)) localPods.set(uid, { ...policyPod(pod), ips: [ip] });
  pods.push(...localPods.values());
  const nodes = caches.nodes
    .list()
    .filter(({ metadata }) => metadata.name !== self.name)
    .map(policyNode);
  const world = {
    pods,
    namespaces: caches.namespaces.list().map(policyNamespace),
    nodes: [self, ...nodes],
    policies: caches.networkPolicies.list() as unknown as NetworkPolicy[],
    exposures: [...exposuresOf(caches, pods), ...caches.pods.list().flatMap(hostPortsOf)],
    wellKnown,
  };
  return { world, localPods };
}

function policyPod(object: KubernetesObject): PolicyPod {
  let pod = converted.get(object);
  if (pod === undefined) {
    pod = convert(object);
    converted.set(object, pod);
  }
  return pod;
}

function convert({ metadata, spec, status }: KubernetesObject): PolicyPod {
  const ips: string[] = (status?.podIPs ?? [{ ip: status?.podIP }]).map(({ ip }: { ip?: string }) => ip ?? '');
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    labels: metadata.labels ?? {},
    ips: ips.filter((ip) => parseAddress(ip) !== undefined),
    node: spec?.nodeName ?? '',
    hostNetwork: spec?.hostNetwork === true,
    ports: containerPorts(spec).map(({ name, protocol = 'TCP', containerPort }) => ({
      name,
      protocol,
      port: containerPort,
    })),
  };
}

type ContainerPort = { name?: string; protocol?: Protocol; containerPort: number; hostPort?: number; hostIP?: string };

/** Ports of everything that keeps running: containers, and init containers that are sidecars. */
export function containerPorts(spec: any): ContainerPort[] {
  const sidecars = (spec?.initContainers ?? []).filter(isSidecar);
  return [...(spec?.containers ?? []), ...sidecars].flatMap((container: any) => container.ports ?? []);
}

function policyNamespace(object: KubernetesObject): PolicyNamespace {
  let namespace = namespaces.get(object);
  if (namespace === undefined) {
    namespace = { name: object.metadata.name, labels: object.metadata.labels ?? {} };
    namespaces.set(object, namespace);
  }
  return namespace;
}

const policyNode = ({ metadata, status }: KubernetesObject): PolicyNode => ({
  name: metadata.name,
  addresses: (status?.addresses ?? []).map(({ address }: { address: string }) => address),
});

/**
 * Ports of pods behind NodePort and LoadBalancer services. Only pods of the service's own namespace: whoever may write
 * EndpointSlices in one namespace must not open a pod of another.
 */
function exposuresOf({ services, endpointSlices }: WorldCaches, pods: PolicyPod[]): Exposure[] {
  const exposing = new Set(
    services
      .list()
      .filter(exposes)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  if (exposing.size === 0) return [];
  const byAddress = new Map(pods.flatMap((pod) => (pod.hostNetwork ? [] : pod.ips.map((ip) => [ip, pod] as const))));
  return endpointSlices.list().flatMap(({ metadata, endpoints, ports }) => {
    if (!exposing.has(`${metadata.namespace}/${metadata.labels?.[serviceNameLabel]}`)) return [];
    const found: PolicyPod[] = (endpoints ?? []).flatMap(({ addresses }: any) => byAddress.get(addresses[0]) ?? []);
    return found
      .filter(({ namespace }) => namespace === metadata.namespace)
      .flatMap(({ namespace, name }) =>
        (ports ?? []).map(({ protocol = 'TCP', port }: any) => ({ namespace, pod: name, protocol, port })),
      );
  });
}

/** A host port is asked for in the pod itself, which admission lets pass only where it was relaxed. */
const hostPortsOf = ({ metadata, spec }: KubernetesObject): Exposure[] =>
  spec?.hostNetwork
    ? []
    : containerPorts(spec)
        .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
        .map(({ protocol = 'TCP', containerPort }) => ({
          namespace: metadata.namespace ?? '',
          pod: metadata.name,
          protocol,
          port: containerPort,
        }));

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
  if (cache === caches.services) return exposes(object) || (old !== undefined && exposes(old));
  if (cache === caches.endpointSlices) {
    const { namespace = '', labels } = object.metadata;
    const service = caches.services.get(namespace, labels?.[serviceNameLabel] ?? '');
    return service === undefined || exposes(service);
  }
  const facts = cache === caches.pods ? podFacts : cache === caches.nodes ? nodeFacts : undefined;
  if (facts === undefined || old === undefined || old === object) return true;
  return JSON.stringify(facts(object)) !== JSON.stringify(facts(old));
}

const exposes = ({ spec }: KubernetesObject) => spec?.type === 'NodePort' || spec?.type === 'LoadBalancer';
const nodeFacts = ({ status }: KubernetesObject) => status?.addresses;
const podFacts = (pod: KubernetesObject) => {
  const { metadata, spec, status } = pod;
  return [isOver(pod), metadata.labels, status?.podIPs, status?.podIP, spec?.nodeName];
};
