import type { KubernetesObject } from '../../api/object.ts';

const zones = ['a', 'b', 'c'];
const leaseDurationSeconds = 40;

/**
 * The address range of a node's pods: parts of 100.64.0.0/10 (RFC 6598), so that they neither collide with real pods nor
 * use up the cluster's own range. After 16,384 nodes they repeat, which harms nobody as nothing is routed.
 */
function podRange(index: number): string {
  const part = index % 2 ** 14;
  return `100.${64 + (part >>> 8)}.${part & 255}.0/24`;
}

/** A Ready node, as an agent would register it. Nodes take turns in three zones. */
export function nodeObject(
  name: string,
  index: number,
  capacity: Record<string, string>,
  time: string,
): KubernetesObject {
  const condition = (type: string, status: string, reason: string) => ({
    ...{ type, status, reason, message: 'simulated' },
    ...{ lastHeartbeatTime: time, lastTransitionTime: time },
  });
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': zones[index % zones.length]!,
        'node.kubernetes.io/instance-type': 'simulated',
      },
    },
    spec: { podCIDR: podRange(index), podCIDRs: [podRange(index)] },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [{ type: 'Hostname', address: name }],
      conditions: [
        condition('Ready', 'True', 'KubeletReady'),
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
      ],
      nodeInfo: {
        ...{ machineID: name, systemUUID: name, bootID: name, kernelVersion: 'simulated', osImage: 'simulated' },
        ...{ containerRuntimeVersion: 'simulated://1', kubeletVersion: 'v1.36.0', kubeProxyVersion: 'v1.36.0' },
        ...{ operatingSystem: 'linux', architecture: 'amd64' },
      },
    },
  };
}

export const nodeLease = (name: string, renewTime: string): KubernetesObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: 'kube-node-lease' },
  spec: { holderIdentity: name, leaseDurationSeconds, renewTime },
});
