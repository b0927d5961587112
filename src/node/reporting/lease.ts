import type { KubernetesObject } from '../../api/object.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import { type Clock, formatMicroTime } from '../../foundation/clock.ts';

export type LeaseOptions = {
  client: Client;
  clock: Clock;
  nodeName: string;
  /** Seconds; the node counts as gone when its lease is this old. */
  leaseSeconds: number;
};

const resource = 'leases.coordination.k8s.io';

/**
 * The node's sign of life: https://kubernetes.io/docs/concepts/architecture/leases/. What is returned renews the lease, or
 * makes it, for the Node of that uid. After a refusal it is read again: somebody else may have written it.
 */
export function createLease({
  client,
  clock,
  nodeName,
  leaseSeconds,
}: LeaseOptions): (nodeUid: string) => Promise<void> {
  const metadata = { name: nodeName, namespace: 'kube-node-lease' };
  let lease: KubernetesObject | undefined;

  const renewed = (found: KubernetesObject) => {
    const now = { leaseDurationSeconds: leaseSeconds, renewTime: formatMicroTime(clock.now()) };
    return { ...found, spec: { ...found['spec'], holderIdentity: nodeName, ...now } };
  };

  function make(uid: string): Promise<KubernetesObject> {
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid };
    const kind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    return client.create(resource, renewed({ ...kind, metadata: { ...metadata, ownerReferences: [owner] } }));
  }

  return async (nodeUid) => {
    try {
      lease = lease ? await client.update(resource, renewed(lease)) : await make(nodeUid);
    } catch (error) {
      lease = undefined;
      const isStale = error instanceof ApiError && ['AlreadyExists', 'Conflict'].includes(error.reason);
      if (!isStale) throw error;
      lease = await client.update(resource, renewed(await client.get(resource, metadata)));
    }
  };
}
