import { type Check, failOn, notAssessed, pass } from '../../contract.ts';
import { examplePod, workloadKinds } from '../../workload.ts';

export const defaultNamespace: Check = {
  id: 'default-namespace',
  level: 'cluster',
  severity: 'low',
  title: 'Nothing runs in the namespace default',
  kinds: workloadKinds,
  why: 'what runs in default shares its ServiceAccount, policies and quotas with whatever else forgot to say where',
  mend: 'give the application a namespace of its own',
  benchmark: ['CIS 5.6.4', 'NSA network separation and hardening'],
  examples: {
    pass: [[examplePod()]],
    fail: [
      [
        examplePod(({ metadata }) => {
          metadata.namespace = 'default';
        }),
      ],
    ],
  },
  judge({ metadata }) {
    if (metadata.namespace === undefined)
      return notAssessed('the manifest names no namespace: it is decided when it is applied');
    if (metadata.namespace !== 'default') return pass;
    return failOn([
      { field: ['metadata', 'namespace'], reason: 'in the namespace default', detail: 'shared by everything' },
    ]);
  },
};
