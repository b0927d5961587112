import { isSidecar } from '../api/pod-resources.ts';
import type { Pod, Service } from '../api/schema/types.d.ts';
import { isReady } from './pods.ts';

/** A port of a service as it is on a pod: named target ports differ from pod to pod. */
export type PodPort = { name: string; port: number; protocol: string; appProtocol?: string };

/** The service's ports on this pod; a named port that the pod lacks is left out. */
export function portsOn({ spec }: Service, pod: Pod): PodPort[] {
  const ports: PodPort[] = [];
  for (const { name = '', port, targetPort = port, protocol = 'TCP', appProtocol } of spec?.ports ?? []) {
    const number = typeof targetPort === 'number' ? targetPort : containerPort(pod, targetPort, protocol);
    if (number !== undefined) ports.push({ name, port: number, protocol, appProtocol });
  }
  return ports;
}

function containerPort({ spec }: Pod, name: string, protocol: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const sidecars = (spec?.initContainers ?? []).filter(isSidecar);
  for (const { ports } of [...(spec?.containers ?? []), ...sidecars])
    for (const port of ports ?? [])
      if (port.name === name && (port.protocol ?? 'TCP') === protocol) return port.containerPort;
  return undefined;
}

/** Endpoints of others are written by hand. A selector that wants nothing is none: it would open all pods to the service. */
export const selectsPods = ({ spec }: Service): boolean =>
  Object.keys(spec?.selector ?? {}).length > 0 && spec?.type !== 'ExternalName';

/** A pod that can be an endpoint: it has an address and has not ended. */
export const hasAddress = ({ status }: Pod): boolean =>
  Boolean(status?.podIP) && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

/** Pods that go may still serve, but no new traffic should come to them. */
export function serving(service: Service, pod: Pod): { ready: boolean; serving: boolean; terminating: boolean } {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serves = isReady(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serves && !terminating);
  return { ready, serving: serves, terminating };
}

/** The name under which the pod of a headless service is found. */
export const hostnameFor = (service: Service, { spec }: Pod): string | undefined =>
  spec?.subdomain === service.metadata.name ? spec.hostname : undefined;
