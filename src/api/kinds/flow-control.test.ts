import { testFields } from '../testing/refusals.ts';

const flows = 'flowcontrol.apiserver.k8s.io/v1 FlowSchema';
const level = 'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration';
const account = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'default' } };

testFields([
  [flows, 'spec.matchingPrecedence', 1, 'spec.matchingPrecedence'],
  [flows, 'spec.distinguisherMethod', { type: 'ByPod' }, 'spec.distinguisherMethod.type'],
  [flows, 'spec.rules', [{}], 'spec.rules[0]', 'spec.rules[0].subjects'],
  [
    flows,
    'spec.rules',
    [
      {
        subjects: [{ kind: 'User', group: { name: 'a' } }],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/'] }],
      },
    ],
    'spec.rules[0].subjects[0].group',
    'spec.rules[0].subjects[0].user',
  ],
  [
    flows,
    'spec.rules',
    [{ subjects: [account], resourceRules: [{ verbs: ['*', 'get'], apiGroups: ['*'], resources: ['*'] }] }],
    'spec.rules[0].resourceRules[0].namespaces',
    'spec.rules[0].resourceRules[0].verbs',
  ],
  [
    flows,
    'spec.rules',
    [
      {
        subjects: [account],
        nonResourceRules: [{ verbs: ['get', 'peek'], nonResourceURLs: ['healthz', '/a*b', '/ok/*'] }],
      },
    ],
    'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]',
    'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]',
    'spec.rules[0].nonResourceRules[0].verbs',
  ],
  [level, 'spec.type', 'Exempt', 'spec.limited', 'spec.type'],
  [level, 'spec.exempt', {}, 'spec.exempt'],
  [level, 'spec.limited.limitResponse', { type: 'Queue' }, 'spec.limited.limitResponse.queuing'],
  [level, 'spec.limited.limitResponse', { type: 'Reject' }],
  [
    level,
    'spec.limited.limitResponse.queuing',
    { queues: 4, handSize: 5, queueLengthLimit: -1 },
    'spec.limited.limitResponse.queuing.handSize',
    'spec.limited.limitResponse.queuing.queueLengthLimit',
  ],
]);
