import { type Check, failOn, type Manifest, pass } from '../../contract.ts';
import { examplePod, isMirror } from '../../workload.ts';

const owned: Manifest = examplePod(({ metadata }) => {
  metadata.ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: '1', controller: true }];
});

export const barePod: Check = {
  id: 'bare-pod',
  level: 'cluster',
  severity: 'low',
  title: 'Every pod has a controller',
  kinds: ['Pod'],
  why: 'when its node is drained or breaks, nobody makes the pod again',
  mend: 'write a Deployment, a StatefulSet or a Job',
  benchmark: ['NSA upgrading and application security'],
  examples: { pass: [[owned]], fail: [[examplePod()]] },
  judge(object) {
    const { metadata, spec } = object;
    const controlled = (metadata.ownerReferences ?? []).length > 0;
    // Made to run once: kubectl debug, hooks of Helm.
    if (controlled || isMirror(object) || spec?.restartPolicy === 'Never') return pass;
    return failOn([
      { field: ['metadata', 'name'], reason: 'pod without controller', detail: 'it is lost with its node' },
    ]);
  },
};
