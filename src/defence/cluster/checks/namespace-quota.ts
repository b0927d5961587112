import { type Check, failOn, notAssessed, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespace-example.ts';

export const namespaceQuota: Check = {
  id: 'namespace-quota',
  level: 'cluster',
  severity: 'low',
  title: 'Every namespace has a quota',
  kinds: ['Namespace'],
  why: 'without a ResourceQuota one namespace can take what all others run on',
  mend: 'add a ResourceQuota with requests, limits and a number of pods',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [
      [
        exampleNamespace(),
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'all', namespace: 'shop' },
          spec: { hard: { pods: '10' } },
        },
      ],
    ],
    fail: [[exampleNamespace()]],
  },
  judge({ metadata }, context) {
    if (context.of('ResourceQuota', metadata.name).length > 0) return pass;
    if (context.of('ResourceQuota', '').length > 0)
      return notAssessed('there is a ResourceQuota without a namespace: where it goes is decided when it is applied');
    const detail = `no ResourceQuota of namespace ${metadata.name} ${context.source === 'manifests' ? 'is among the manifests' : 'exists'}`;
    return failOn([{ field: ['metadata', 'name'], reason: 'no quota', detail }]);
  },
};
