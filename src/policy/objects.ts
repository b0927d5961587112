import type { KubernetesObject } from '../api/object.ts';
import { isSidecar } from '../api/pod-resources.ts';
import { parseAddress } from './address.ts';
import {
  type Exposure,
  namespaceNameLabel,
  type PolicyNamespace,
  type PolicyNode,
  type PolicyPod,
  type Protocol,
} from './world.ts';

/** The label by which an EndpointSlice says whose it is. */
export const serviceNameLabel = 'kubernetes.io/service-name';

const pods = new WeakMap<KubernetesObject, PolicyPod>();
const namespaces = new WeakMap<KubernetesObject, PolicyNamespace>();

/** A Pod as policies see it. Objects are frozen by contract, so each is converted once. */
export const policyPod = (object: KubernetesObject): PolicyPod => once(pods, object, convertPod);

/** With the label of its name, which the API adds and manifests lack. */
export const policyNamespace = (object: KubernetesObject): PolicyNamespace =>
  once(namespaces, object, ({ metadata: { name, labels } }) => ({
    name,
    labels: { ...labels, [namespaceNameLabel]: name },
  }));

/** A node under every address that its status tells. */
export const policyNode = ({ metadata, status }: KubernetesObject): PolicyNode => ({
  name: metadata.name,
  addresses: (status?.addresses ?? []).map(({ address }: { address: string }) => address),
});

/** A pod that ended holds no address any more, whatever its status says. */
export const isOver = ({ status }: KubernetesObject): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

function convertPod({ metadata, spec, status }: KubernetesObject): PolicyPod {
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

export type ContainerPort = {
  name?: string;
  protocol?: Protocol;
  containerPort: number;
  hostPort?: number;
  hostIP?: string;
};

/** Ports of everything that keeps running: containers, and init containers that are sidecars. */
export function containerPorts(spec: any): ContainerPort[] {
  const containers = spec?.containers ?? [];
  const sidecars = (spec?.initContainers ?? []).filter(isSidecar);
  const running = sidecars.length === 0 ? containers : [...containers, ...sidecars];
  return running.flatMap((container: any) => container.ports ?? []);
}

/** Does this Service take in connections from the outside? */
export const exposes = ({ spec }: KubernetesObject): boolean =>
  spec?.type === 'NodePort' || spec?.type === 'LoadBalancer';

/**
 * Ports of pods behind NodePort and LoadBalancer services. Only pods of the service's own namespace: whoever may write
 * EndpointSlices in one namespace must not open a pod of another.
 */
export function serviceExposures(
  services: KubernetesObject[],
  endpointSlices: KubernetesObject[],
  pods: PolicyPod[],
): Exposure[] {
  const exposing = new Set(services.filter(exposes).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  if (exposing.size === 0) return [];
  const byAddress = new Map(pods.flatMap((pod) => (pod.hostNetwork ? [] : pod.ips.map((ip) => [ip, pod] as const))));
  return endpointSlices.flatMap(({ metadata, endpoints, ports }) => {
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
export const hostPortExposures = ({ metadata, spec }: KubernetesObject): Exposure[] =>
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

function once<T>(
  made: WeakMap<KubernetesObject, T>,
  object: KubernetesObject,
  make: (object: KubernetesObject) => T,
): T {
  let value = made.get(object);
  if (value === undefined) {
    value = make(object);
    made.set(object, value);
  }
  return value;
}
