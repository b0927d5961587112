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
    const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
    const names = new Set(containers.flatMap(({ resources }: any) => Object.keys(resources?.requests ?? {})));
    for (const key of [...names].filter(isExtended)) {
      const tolerated = (spec.tolerations ?? []).some((item: any) => item.key === key && item.operator === 'Exists');
      if (!tolerated) spec.tolerations = [...(spec.tolerations ?? []), { key, operator: 'Exists' }];
    }
  },
};
