import type { AdmissionPlugin } from '../contracts.ts';
import { writtenPod } from './about.ts';

const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const tolerationSeconds = 300;

/**
 * Pods stay five minutes on a node that is lost, unless they say otherwise. A client that replaces the tolerations of a
 * pod rarely repeats these.
 */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate(request) {
    const pod = writtenPod(request);
    if (pod === undefined) return;
    const { spec } = pod;
    for (const key of taints) {
      const tolerated = (spec.tolerations ?? []).some(
        (toleration: any) =>
          (toleration.key === key || !toleration.key) && (toleration.effect === 'NoExecute' || !toleration.effect),
      );
      if (tolerated) continue;
      const added = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds };
      spec.tolerations = [...(spec.tolerations ?? []), added];
    }
  },
};
