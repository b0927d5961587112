import { change, rightCheck } from '../role-rights.ts';

const group = 'admissionregistration.k8s.io';
/** Without them, or with others, something is let through that was refused. */
const weaken = ['update', 'patch', 'delete'];

export const changeWebhooks = rightCheck({
  id: 'rbac/change-webhooks',
  severity: 'critical',
  title: 'No role changes webhooks, admission policies, extensions of the API or protections',
  why: 'they read what is written, secrets included, and may change each object, answer in place of the API server, or let through',
  mend: 'let an administrator register them; limit operators to their own by resourceNames',
  benchmark: ['CIS 5.1.12', 'NSA authentication and authorization'],
  rights: [
    { group, resource: 'mutatingwebhookconfigurations', verbs: change },
    { group, resource: 'validatingwebhookconfigurations', verbs: [...change, 'delete'] },
    { group, resource: 'mutatingadmissionpolicies', verbs: change },
    { group, resource: 'mutatingadmissionpolicybindings', verbs: change },
    { group, resource: 'validatingadmissionpolicies', verbs: weaken },
    { group, resource: 'validatingadmissionpolicybindings', verbs: weaken },
    { group: 'apiregistration.k8s.io', resource: 'apiservices', verbs: change },
    { group: 'defence.rempart.io', resource: 'protections', verbs: weaken },
  ],
  clusterOnly: true,
  namedIsFine: true,
});
