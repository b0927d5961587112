import type { AdmissionPlugin } from '../contracts.ts';
import { writtenPod } from './about.ts';

const isExtended = (name: string) =>
  name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');

/** Pods that ask for a device tolerate the taint of the same name, with which its nodes are kept for them. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  mutate(request) {
    const pod = writtenPod(request);
    if (pod === undefined) return;
    const { spec } = pod;
    const devices = new Set<string>();
    for (const list of [spec.initContainers, spec.containers])
      for (const { resources } of list ?? [])
        for (const name in resources?.requests) if (isExtended(name)) devices.add(name);
    for (const { key, operator } of spec.tolerations ?? []) if (operator === 'Exists') devices.delete(key);
    const added = [...devices].map((key) => ({ key, operator: 'Exists' }));
    if (added.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...added];
  },
};
