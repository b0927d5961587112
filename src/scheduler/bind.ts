import { selectedNode } from '../api/volume-match.ts';
import type { Caches } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import { type Clock, formatTime, within } from '../foundation/clock.ts';
import type { NodeInfo } from './node-info.ts';
import { type Binding, bindingsFor } from './plugins/volumes.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

const volumeWaitMs = 10 * 60_000;

/** Undefined: none of the pod's volumes waits for a node. Rejects when they are not bound in time. */
export function settleVolumes(
  pod: PodInfo,
  node: NodeInfo,
  { client, caches, clock, world }: { client: Client; caches: Caches; clock: Clock; world: Snapshot },
): Promise<void> | undefined {
  if (pod.claims.length === 0) return undefined;
  const unbound = () =>
    pod.claims
      .flatMap((name) => world.volumes.claim(pod.namespace, name) ?? [])
      .filter(({ spec, status }) => status?.phase !== 'Bound' || !spec?.volumeName);
  const settle = async () => {
    for (const binding of bindingsFor(pod, node, world)) await prepareVolume(binding, node, client);
    const bound = caches('persistentvolumeclaims').until(() => unbound().length === 0);
    await within(bound, volumeWaitMs, clock);
    if (unbound().length > 0) throw new Error(`binding volumes: timed out waiting for ${unbound()[0]!.metadata.name}`);
  };
  return unbound().length === 0 ? undefined : settle();
}

/** Makes the decision true. Throws what the API answers. */
export async function bind({ namespace, name, uid }: PodInfo, node: NodeInfo, client: Client): Promise<void> {
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace, name, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: node.name },
  };
  await client.create('pods', binding, { subresource: 'binding' });
}

/** Reserves a volume that exists, or tells the provisioner for which node to make one. */
async function prepareVolume({ claim, volume }: Binding, node: NodeInfo, client: Client): Promise<void> {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  if (volume === undefined) {
    const body = { metadata: { annotations: { [selectedNode]: node.name } } };
    await client.patch('persistentvolumeclaims', { namespace, name }, { type: 'merge', body });
    return;
  }
  if (volume.spec?.claimRef?.uid === uid) return;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion };
  await client.update('persistentvolumes', { ...volume, spec: { ...volume.spec, claimRef } } as any);
}

/** Asks the victims to leave, and says on them why. A victim that is gone already is no error. */
export async function evict(victim: PodInfo, by: PodInfo, client: Client, clock: Clock): Promise<void> {
  const { namespace, name, uid } = victim;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `default-scheduler: preempting to accommodate a higher priority pod ${by.namespace}/${by.name}`,
    lastTransitionTime: formatTime(clock.now()),
  };
  const body = { metadata: { uid }, status: { conditions: [condition] } };
  await client
    .patch('pods', { namespace, name }, { type: 'strategic', body }, { subresource: 'status' })
    .catch(() => {});
  await client.delete('pods', { namespace, name }, { preconditions: { uid } });
}
