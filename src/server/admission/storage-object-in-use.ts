import { resourceName } from '../../api/kind.ts';
import type { AdmissionPlugin } from '../contracts.ts';
import { concerns } from './about.ts';

const finalizers = new Map([
  ['persistentvolumeclaims', 'kubernetes.io/pvc-protection'],
  ['persistentvolumes', 'kubernetes.io/pv-protection'],
]);

/** Claims and volumes are not removed under a pod that uses them: a controller takes the finalizer away. */
export const storageObjectInUse: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate(request) {
    const resource = resourceName(request.kind);
    const finalizer = finalizers.get(resource);
    if (finalizer === undefined || !concerns(request, 'CREATE', resource)) return;
    const { metadata } = request.object!;
    if (metadata.finalizers?.includes(finalizer) !== true)
      metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
