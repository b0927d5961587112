import { change, rightCheck } from '../role-rights.ts';

const networking = 'networking.k8s.io';

export const changeNetworkPolicies = rightCheck({
  id: 'rbac/change-network-policies',
  severity: 'medium',
  title: 'No role changes NetworkPolicies or the endpoints of Services',
  why: 'one more policy opens what all others close, and endpoints lead the clients of a Service to any address',
  mend: 'keep NetworkPolicies with whoever answers for the network; leave endpoints to the controllers of the cluster',
  benchmark: ['NSA network separation and hardening'],
  rights: [
    { group: networking, resource: 'networkpolicies', verbs: [...change, 'delete'] },
    { group: '', resource: 'endpoints', verbs: change },
    { group: 'discovery.k8s.io', resource: 'endpointslices', verbs: change },
  ],
  namedIsFine: true,
});
