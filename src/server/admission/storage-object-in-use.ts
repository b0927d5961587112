import type { AdmissionPlugin } from '../contracts.ts';
import { concerns } from './about.ts';

const finalizers: Record<string, string> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

/** Claims and volumes are not removed under a pod that uses them: a controller takes the finalizer away. */
export const storageObjectInUse: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate(request) {
    for (const [resource, finalizer] of Object.entries(finalizers)) {
      if (!concerns(request, 'CREATE', resource)) continue;
      const { metadata } = request.object!;
      if (metadata.finalizers?.includes(finalizer) !== true)
        metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    }
  },
};
