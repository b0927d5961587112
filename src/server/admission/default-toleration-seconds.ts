import type { Toleration } from '../../api/schema/types.d.ts';
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
    const present: Toleration[] = spec.tolerations ?? [];
    const added = taints
      .filter(
        (taint) =>
          !present.some(({ key, effect }) => (key || taint) === taint && (effect || 'NoExecute') === 'NoExecute'),
      )
      .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
    if (added.length > 0) spec.tolerations = [...present, ...added];
  },
};
