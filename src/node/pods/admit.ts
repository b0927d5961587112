import { nodeSelectorMatches } from '../../api/node-selector.ts';
import { parseAmounts, podAmounts, requestsOf } from '../../api/pod-resources.ts';
import type { Node, Pod } from '../../api/schema/types.d.ts';
import { matchesLabels } from '../../api/selectors.ts';
import { safeSysctls, sysctlName } from '../security.ts';

/** Why this node refuses a pod, as its status says it. */
export type Refusal = { reason: string; message: string };

/**
 * The node's own check of a pod bound to it, whoever bound it: resources, host ports, node selector, and what this
 * node cannot honour and therefore must not pretend. `others` are the pods that run here already.
 */
export function refusal(pod: Pod, node: Node, others: Pod[]): Refusal | undefined {
  return outOfResources(pod, node, others) ?? portConflict(pod, others) ?? wrongNode(pod, node) ?? unsupported(pod);
}

/** What the node has too little of for `pod` beside `others`. */
export function outOfResources(pod: Pod, node: Node, others: Pod[]): Refusal | undefined {
  const capacity = parseAmounts(node.status?.allocatable);
  if (others.length + 1 > capacity.pods) return exhausted('pods', 1, others.length, capacity.pods);
  const names = { cpuMilli: 'cpu', memoryBytes: 'memory', ephemeralBytes: 'ephemeral-storage' } as const;
  const wanted = podAmounts(pod, requestsOf);
  const used = others.map((other) => podAmounts(other, requestsOf));
  for (const key of Object.keys(names) as (keyof typeof names)[]) {
    const sum = used.reduce((total, amounts) => total + amounts[key], 0);
    if (wanted[key] > 0 && sum + wanted[key] > capacity[key])
      return exhausted(names[key], wanted[key], sum, capacity[key]);
  }
  return undefined;
}

const exhausted = (resource: string, requested: number, used: number, capacity: number): Refusal => ({
  reason: `OutOf${resource}`,
  message:
    `Node didn't have enough resource: ${resource}, requested: ${requested}, ` + `used: ${used}, capacity: ${capacity}`,
});

type HostPort = { protocol: string; hostIP: string; hostPort: number };

function hostPorts({ spec }: Pod): HostPort[] {
  return [...(spec!.initContainers ?? []), ...spec!.containers].flatMap(({ ports = [] }) =>
    ports
      .map(({ protocol = 'TCP', hostIP = '0.0.0.0', hostPort, containerPort }) => ({
        protocol,
        hostIP: hostIP || '0.0.0.0',
        hostPort: hostPort ?? (spec!.hostNetwork ? containerPort : 0),
      }))
      .filter(({ hostPort }) => hostPort > 0),
  );
}

function portConflict(pod: Pod, others: Pod[]): Refusal | undefined {
  const taken = others.flatMap(hostPorts);
  const overlaps = (a: HostPort, b: HostPort) =>
    a.protocol === b.protocol &&
    a.hostPort === b.hostPort &&
    (a.hostIP === b.hostIP || a.hostIP === '0.0.0.0' || b.hostIP === '0.0.0.0');
  const conflict = hostPorts(pod).find((port) => taken.some((other) => overlaps(port, other)));
  if (conflict === undefined) return undefined;
  return { reason: 'HostPort', message: `host port ${conflict.hostPort}/${conflict.protocol} is in use on this node` };
}

function wrongNode({ spec }: Pod, node: Node): Refusal | undefined {
  const { os, nodeSelector, affinity } = spec!;
  if (os && os.name !== 'linux')
    return { reason: 'PodOSNotSupported', message: `this node runs linux, not ${os.name}` };
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fits = matchesLabels(nodeSelector, node.metadata.labels) && (!required || nodeSelectorMatches(required, node));
  if (fits) return undefined;
  const message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
  return { reason: 'NodeAffinity', message };
}

function unsupported(pod: Pod): Refusal | undefined {
  const { hostUsers, hostNetwork, hostIPC, resourceClaims = [], securityContext = {} } = pod.spec!;
  if (resourceClaims.length > 0)
    return {
      reason: 'ResourceClaimsNotSupported',
      message: 'spec.resourceClaims asks for devices, which this node allocates none of: make the pod without them',
    };
  if (hostUsers === false)
    return {
      reason: 'UserNamespacesNotSupported',
      message:
        'hostUsers: false asks for a user namespace, which the container runtime of this node ignores: ' +
        'remove it, or choose a node whose runtime honours it',
    };
  if (securityContext.supplementalGroupsPolicy === 'Strict')
    return {
      reason: 'SupplementalGroupsPolicyNotSupported',
      message: 'supplementalGroupsPolicy: Strict is not honoured by the container runtime of this node',
    };
  const names = (securityContext.sysctls ?? []).map(({ name }) => sysctlName(name));
  const forbidden = names.find(
    (name) =>
      !safeSysctls.includes(name) ||
      (hostNetwork && name.startsWith('net.')) ||
      (hostIPC && name.startsWith('kernel.shm')),
  );
  if (forbidden === undefined) return undefined;
  return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${JSON.stringify(forbidden)} is not allowed` };
}
