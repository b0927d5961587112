import { rightCheck } from '../role-rights.ts';

export const changeWebhooks = rightCheck({
  id: 'rbac/change-webhooks',
  severity: 'critical',
  title: 'No role changes webhooks',
  why: 'a webhook reads every object that is written, secrets included, and may change or let through each',
  mend: 'let an administrator register webhooks; limit operators to their own by resourceNames',
  benchmark: ['CIS 5.1.12', 'NSA authentication and authorization'],
  rights: [
    {
      group: 'admissionregistration.k8s.io',
      resource: 'mutatingwebhookconfigurations',
      verbs: ['create', 'update', 'patch'],
    },
    {
      group: 'admissionregistration.k8s.io',
      resource: 'validatingwebhookconfigurations',
      verbs: ['create', 'update', 'patch', 'delete'],
    },
  ],
  clusterOnly: true,
  namedIsFine: true,
});
