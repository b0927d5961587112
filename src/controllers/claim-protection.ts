import type { PersistentVolumeClaim, Pod } from '../api/schema/types.d.ts';
import type { Controller } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { isFinished } from './pods.ts';

const claims = 'persistentvolumeclaims';
const protection = 'kubernetes.io/pvc-protection';

/** Lets a deleted claim go once no pod uses it any longer. */
export const claimProtectionController = (): Controller => ({
  name: 'pvc-protection',
  reconciles: claims,
  reads: ['pods'],
  writes: { [claims]: ['patch'] },
  enqueue: {
    pods: (pod) => claimNames(pod as Pod).map((name) => ({ namespace: pod.metadata.namespace ?? '', name })),
  },

  async reconcile({ namespace, name }, { cache, client }) {
    const claim = cache<PersistentVolumeClaim>(claims).get(namespace, name);
    if (claim === undefined || !isDeleting(claim)) return undefined;
    const { finalizers = [], uid, resourceVersion } = claim.metadata;
    if (!finalizers.includes(protection)) return undefined;
    const uses = (pod: Pod) => pod.spec?.nodeName && !isFinished(pod) && claimNames(pod).includes(name);
    if (cache<Pod>('pods').list(namespace).some(uses)) return undefined;
    // What a claim holds is gone with it: before it goes, the server itself is asked.
    if ((await client.list<Pod>('pods', { namespace })).items.some(uses)) return undefined;
    const body = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((one) => one !== protection) } };
    await client.patch(claims, { namespace, name }, { type: 'merge', body });
    return undefined;
  },
});

/** The claims a pod uses, also those made for it alone. */
function claimNames({ metadata, spec }: Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [`${metadata.name}-${name}`] : [];
  });
}
