import { matchesLabels } from '../../api/selectors.ts';
import type { PolicyPod, Protocol } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';

/** A port of a Service as it arrives at one of its pods; `port` undefined: the pod has no port of the name it asks for. */
export type ServiceBackend = { pod: PolicyPod; protocol: Protocol; servicePort: number; port: number | undefined };

/**
 * Where a Service leads by its selector: what its endpoints are, or will be once the pods run. Names of target ports are
 * each pod's own. https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
 */
export function backendsOf({ metadata, spec }: Manifest, pods: PolicyPod[]): ServiceBackend[] {
  if (spec?.selector === undefined || spec.selector === null || spec.type === 'ExternalName') return [];
  const namespace = metadata.namespace || 'default';
  const selected = pods.filter((pod) => pod.namespace === namespace && matchesLabels(spec.selector, pod.labels));
  const ports: { port: number; targetPort?: number | string; protocol?: Protocol }[] = spec.ports ?? [];
  return selected.flatMap((pod) =>
    ports.map(({ port: servicePort, targetPort = servicePort, protocol = 'TCP' }) => {
      const named = pod.ports.find((port) => port.name === targetPort && port.protocol === protocol);
      return { pod, protocol, servicePort, port: typeof targetPort === 'number' ? targetPort : named?.port };
    }),
  );
}
