import { type Check, failOn, notAssessed, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespace-example.ts';

const limits = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'all', namespace: 'shop' },
  spec: { limits: [{ type: 'Container', default: { memory: '256Mi' } }] },
};

export const namespaceLimitRange: Check = {
  id: 'namespace-limit-range',
  level: 'cluster',
  severity: 'low',
  title: 'Every namespace has default limits',
  kinds: ['Namespace'],
  why: 'without a LimitRange a container that says nothing may use all memory of its node',
  mend: 'add a LimitRange with a default memory limit for containers',
  benchmark: ['NSA pod security'],
  examples: { pass: [[exampleNamespace(), limits]], fail: [[exampleNamespace()]] },
  judge({ metadata }, context) {
    if (/^kube-/.test(metadata.name) || context.of('LimitRange', metadata.name).length > 0) return pass;
    if (context.of('LimitRange', '').length > 0)
      return notAssessed('there is a LimitRange without a namespace: where it goes is decided when it is applied');
    const detail = `no LimitRange of namespace ${metadata.name} ${context.source === 'manifests' ? 'is among the manifests' : 'exists'}`;
    return failOn([{ field: ['metadata', 'name'], reason: 'no default limits', detail }]);
  },
};
