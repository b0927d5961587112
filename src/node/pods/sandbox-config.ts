import { join } from 'node:path';
import type { Pod } from '../../api/schema/types.d.ts';
import { domainNameOf, hostnameOf, podDns } from '../environment/host-names.ts';
import type { SandboxConfig } from '../runtimes/runtime.ts';
import { sandboxSecurity, sysctlName } from '../security.ts';
import type { NodeContext } from './context.ts';

/** How long a pod may take to end, for an agent that finds its sandbox and nothing else. */
export const graceAnnotation = 'rempart.io/grace-seconds';

/** The directory of a pod's logs, as `kubectl logs` and log collectors expect it: `<namespace>_<name>_<uid>`. */
export function logDirectoryOf(logsDirectory: string, pod: Pod): string {
  const { namespace, name, uid } = pod.metadata!;
  return join(logsDirectory, `${namespace}_${name}_${uid}`);
}

export const podLabels = ({ metadata }: Pod): Record<string, string> => ({
  'io.kubernetes.pod.name': metadata!.name!,
  'io.kubernetes.pod.namespace': metadata!.namespace!,
  'io.kubernetes.pod.uid': metadata!.uid!,
});

/** What the runtime needs for a pod's sandbox. Labels and annotations are what the agent re-adopts it by. */
export function sandboxConfig(pod: Pod, attempt: number, cgroupParent: string, context: NodeContext): SandboxConfig {
  const spec = pod.spec!;
  const { name, namespace, uid } = pod.metadata!;
  const sysctls = (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [sysctlName(name), value]);
  const hostname = (spec.setHostnameAsFQDN && domainNameOf(pod, context.clusterDns.domain)) || hostnameOf(pod);
  return {
    name: name!,
    namespace: namespace!,
    uid: uid!,
    attempt,
    hostname: spec.hostNetwork ? '' : hostname,
    logDirectory: logDirectoryOf(context.logsDirectory, pod),
    // The pod's own could be a mebibyte, and all sandboxes are listed in one message of sixteen.
    labels: podLabels(pod),
    annotations: { [graceAnnotation]: String(spec.terminationGracePeriodSeconds ?? 30) },
    dns: podDns(pod, context.clusterDns, context.hostDns),
    portMappings: portMappings(pod),
    cgroupParent,
    sysctls: Object.fromEntries(sysctls),
    hostNetwork: spec.hostNetwork ?? false,
    hostPID: spec.hostPID ?? false,
    hostIPC: spec.hostIPC ?? false,
    shareProcessNamespace: spec.shareProcessNamespace ?? false,
    security: sandboxSecurity(pod),
    runtimeHandler: '',
  };
}

function portMappings({ spec }: Pod): SandboxConfig['portMappings'] {
  if (spec!.hostNetwork) return [];
  return [...(spec!.initContainers ?? []), ...spec!.containers].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ protocol = 'TCP', containerPort, hostPort, hostIP = '' }) => ({
        protocol: protocol as 'TCP',
        containerPort,
        hostPort: hostPort!,
        hostIP,
      })),
  );
}
