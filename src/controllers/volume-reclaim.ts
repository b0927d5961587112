import type { PersistentVolume, PersistentVolumeClaim } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { isReservedFor } from '../api/volume-match.ts';
import type { Controller, ControllerContext } from '../reconcile/controller.ts';
import { deleteObject, isDeleting } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';

const claims = 'persistentvolumeclaims';
const volumes = 'persistentvolumes';
const protection = 'kubernetes.io/pv-protection';
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';

/**
 * Keeps the phase of volumes, and gives up those of `provisioner` whose claim is gone, as their reclaim policy says. What
 * another provisioner made, that one deletes: it has to remove what is in it before.
 */
export const volumeReclaimController = (provisioner: string): Controller => ({
  name: 'persistent-volume-reclaim',
  reconciles: volumes,
  reads: [claims],
  writes: { [volumes]: ['delete', 'patch'], [`${volumes}/status`]: ['update'] },
  enqueue: {
    [claims]: (claim) => {
      const volume = claim['spec']?.volumeName;
      return volume ? [{ namespace: '', name: volume }] : [];
    },
  },

  async reconcile({ name }, context) {
    const volume = context.cache<PersistentVolume>(volumes).get('', name);
    if (volume === undefined) return undefined;
    const phase = await phaseOf(context, volume);
    const written =
      phase === volume.status?.phase
        ? volume
        : await writeStatus(context, volumes, volume, { ...volume.status, phase });
    if (isDeleting(volume)) {
      if (phase !== 'Bound') await unprotect(context, written);
    } else if (phase === 'Released' && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') {
      const maker = volume.metadata.annotations?.[provisionedBy];
      if (maker === provisioner) await deleteObject(context, volumes, volume);
      else if (maker === undefined) {
        const text = 'nothing here made this volume, so nothing can delete it: remove its data and the object yourself';
        context.event(volume, 'Warning', 'VolumeFailedDelete', text);
      }
    }
    return undefined;
  },
});

async function phaseOf(context: ControllerContext, volume: PersistentVolume): Promise<string> {
  const { claimRef } = volume.spec ?? {};
  if (!claimRef?.uid) return 'Available';
  const known = context.cache<PersistentVolumeClaim>(claims).get(claimRef.namespace!, claimRef.name!);
  // Released is final: before that is said, the server itself is asked.
  const claim =
    known && isReservedFor(volume, known) ? known : await find(context, claimRef.namespace!, claimRef.name!);
  if (claim === undefined || !isReservedFor(volume, claim)) return 'Released';
  return claim.spec?.volumeName === volume.metadata.name ? 'Bound' : (volume.status?.phase ?? 'Pending');
}

async function find({ client }: ControllerContext, namespace: string, name: string) {
  try {
    return await client.get<PersistentVolumeClaim>(claims, { namespace, name });
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}

async function unprotect({ client }: ControllerContext, { metadata }: PersistentVolume): Promise<void> {
  const { finalizers = [], uid, resourceVersion, name } = metadata;
  if (!finalizers.includes(protection)) return;
  const body = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((one) => one !== protection) } };
  await client.patch(volumes, { name }, { type: 'merge', body });
}
