import { rightCheck } from '../role-rights.ts';

export const nodeProxy = rightCheck({
  id: 'rbac/node-proxy',
  severity: 'critical',
  title: 'No role reaches nodes/proxy',
  why: 'the kubelet takes it for an administrator: even a GET can execute in every container of the node, past the audit log',
  mend: 'ask for nodes/metrics, nodes/stats or nodes/log instead',
  benchmark: ['CIS 5.1.10', 'NSA authentication and authorization'],
  rights: [{ group: '', resource: 'nodes/proxy', verbs: ['get', 'create', 'update', 'patch', 'delete'] }],
  clusterOnly: true,
});
