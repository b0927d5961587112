import type { AdmissionPlugin } from '../contracts.ts';
import { concerns } from './about.ts';

const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const tolerationSeconds = 300;

/**
 * Pods stay five minutes on a node that is lost, unless they say otherwise: also those that a client replaces with what it
 * once created.
 */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate(request) {
    if (!concerns(request, 'CREATE', 'pods') && !concerns(request, 'UPDATE', 'pods')) return;
    const { spec } = request.object!;
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
