import type { PersistentVolumeClaim, Pod } from '../api/schema/types.d.ts';
import type { Controller } from '../reconcile/controller.ts';
import { controllerOf, controllerReference, isDeleting, ownerKeys } from '../reconcile/owned.ts';

const claims = 'persistentvolumeclaims';

/** Makes the claims of a pod's `ephemeral` volumes; they belong to the pod and go with it. */
export const ephemeralVolumeController = (): Controller => ({
  name: 'ephemeral-volume',
  reconciles: 'pods',
  reads: [claims],
  writes: { [claims]: ['create'] },
  enqueue: { [claims]: ownerKeys('Pod', '') },
  concerns: (pod) => (pod as Pod).spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined) ?? false,

  async reconcile({ namespace, name }, context) {
    const pod = context.cache<Pod>('pods').get(namespace, name);
    if (pod === undefined || isDeleting(pod)) return undefined;
    for (const { name: volume, ephemeral } of pod.spec?.volumes ?? []) {
      const template = ephemeral?.volumeClaimTemplate;
      if (!template) continue;
      const claimName = `${name}-${volume}`;
      const present = context.cache<PersistentVolumeClaim>(claims).get(namespace, claimName);
      if (present) {
        if (controllerOf(present)?.uid === pod.metadata.uid) continue;
        const text = `PersistentVolumeClaim ${claimName} exists and was not made for this pod`;
        context.event(pod, 'Warning', 'EphemeralVolumeConflict', text);
        continue;
      }
      const { labels, annotations } = template.metadata ?? {};
      const ownerReferences = [controllerReference(pod)];
      await context.client.create(claims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: claimName, namespace, labels, annotations, ownerReferences },
        spec: template.spec,
      });
    }
    return undefined;
  },
});
