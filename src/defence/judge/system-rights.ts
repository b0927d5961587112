import type { PolicyRule } from '../../api/rbac/rules.ts';
import { read, rule, write } from '../../api/rbac/write-rule.ts';

const pods = [rule(`create delete update ${read} patch`, '', 'pods')];
const volumes = [rule(`create delete update ${read} patch`, '', 'persistentvolumes')];
const nodeStatus = [rule('patch update', '', 'nodes/status')];
const collector = [rule(`delete patch update ${read}`, '*', '*')];
const csr = 'certificatesigningrequests';
const podAccess = 'pods/attach pods/exec pods/portforward pods/proxy';

/**
 * What roles of the system's own allow that a check finds: of Kubernetes 1.31 to 1.36
 * (https://github.com/kubernetes/kubernetes/tree/master/plugin/pkg/auth/authorizer/rbac/bootstrappolicy) and of Rempart.
 * Whoever else takes such a name, or writes more into such a role, is judged.
 */
export const systemRules: Record<string, PolicyRule[]> = {
  'rempart:volumes': [rule(`patch ${read}`, '', 'persistentvolumes')],
  'system:aggregate-to-edit': [
    rule(`${read} ${write}`, '', `pods ${podAccess}`),
    rule('create', '', 'pods/eviction serviceaccounts/token'),
    rule('impersonate', '', 'serviceaccounts'),
    rule(read, '', 'secrets services/proxy'),
  ],
  'system:kube-controller-manager': [
    rule('create', '', 'serviceaccounts/token'),
    rule('create delete get update', '', 'secrets serviceaccounts'),
    rule('get', '', 'configmaps namespaces'),
    rule('list watch', '*', '*'),
  ],
  'system:kubelet-api-admin': [
    rule('*', '', 'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats'),
  ],
  'system:node': [
    rule('patch update', '', 'nodes nodes/status'),
    rule(`create delete ${read}`, '', 'pods'),
    rule('create', '', 'pods/eviction serviceaccounts/token'),
    rule(read, '', 'configmaps secrets'),
  ],
  'system:node-problem-detector': nodeStatus,
  'system:persistent-volume-provisioner': volumes,
  'system:volume-scheduler': [rule(`patch update ${read}`, '', 'persistentvolumeclaims persistentvolumes')],
  'system:controller:attachdetach-controller': nodeStatus,
  'system:controller:bootstrap-signer': [rule(read, '', 'secrets')],
  'system:controller:certificate-approver-controller': [
    rule('update', 'certificates.k8s.io', `${csr}/approval ${csr}/finalizers`),
  ],
  'system:controller:certificate-controller': [rule('update', 'certificates.k8s.io', `${csr}/approval ${csr}/status`)],
  'system:controller:clusterrole-aggregation-controller': [
    rule(`escalate patch update ${read}`, 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'system:controller:daemon-set-controller': pods,
  'system:controller:disruption-controller': [rule('get', '*', '*/scale')],
  'system:controller:expand-controller': [...volumes, rule('get', '', 'secrets')],
  'system:controller:garbage-collector-controller': collector,
  'system:controller:generic-garbage-collector': collector,
  'system:controller:horizontal-pod-autoscaler': [
    rule('get update', '*', '*/scale'),
    rule(read, 'custom.metrics.k8s.io external.metrics.k8s.io', '*'),
  ],
  'system:controller:job-controller': pods,
  'system:controller:local-path-provisioner-controller': volumes,
  'system:controller:local-path-release-controller': volumes,
  'system:controller:namespace-controller': [rule(`delete deletecollection ${read}`, '*', '*')],
  'system:controller:node-controller': [
    rule(`delete patch update ${read}`, '', 'nodes'),
    rule('patch update', '', 'nodes/status pods/status'),
  ],
  'system:controller:node-ipam-controller': [rule(`patch ${read}`, '', 'nodes')],
  'system:controller:persistent-volume-binder': [...pods, ...volumes, rule('get', '', 'secrets')],
  'system:controller:persistent-volume-binder-controller': volumes,
  'system:controller:persistent-volume-reclaim-controller': volumes,
  'system:controller:pv-protection-controller': volumes,
  'system:controller:replica-set-controller': pods,
  'system:controller:replicaset-controller': pods,
  'system:controller:replication-controller': pods,
  'system:controller:resourcequota-controller': [
    rule('list watch', '*', '*'),
    rule(read, '', 'configmaps persistentvolumeclaims pods replicationcontrollers resourcequotas secrets services'),
  ],
  'system:controller:route-controller': nodeStatus,
  'system:controller:statefulset-controller': pods,
  'system:controller:token-cleaner': [rule(`delete ${read}`, '', 'secrets')],
  'system:controller:ttl-controller': [rule(`patch update ${read}`, '', 'nodes')],
};

/** Bindings of the system's own that a check finds: the role cluster-admin, and the one group that has it. */
export const systemAdministrators: Record<string, string> = {
  'cluster-admin': 'system:masters',
  'rempart:admins': 'rempart:admins',
};
