import type { PolicyRule } from '../../api/rbac/rules.ts';
import { editRules } from '../../api/rbac/user-roles.ts';
import { read, rule } from '../../api/rbac/write-rule.ts';

const pods = [rule('create delete list patch watch', '', 'pods')];
const slices = [rule(`create delete update ${read}`, 'discovery.k8s.io', 'endpointslices')];
const csr = 'certificatesigningrequests';

/**
 * What roles that Kubernetes 1.32 to 1.36 makes by itself allow, at least as far as a check finds it
 * (https://github.com/kubernetes/kubernetes/tree/master/plugin/pkg/auth/authorizer/rbac/bootstrappolicy); a Role is named
 * with its namespace. Whoever else takes such a name, or writes more into such a role, is judged.
 */
export const kubernetesRules: Record<string, PolicyRule[]> = {
  'kube-system/system:controller:bootstrap-signer': [rule(read, '', 'secrets')],
  'kube-system/system:controller:token-cleaner': [rule(`delete ${read}`, '', 'secrets')],
  'system:aggregate-to-edit': editRules,
  'system:kube-controller-manager': [
    rule('create', '', 'serviceaccounts/token'),
    rule('get', '', 'configmaps namespaces secrets serviceaccounts'),
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
  'system:node-problem-detector': [rule('patch', '', 'nodes/status')],
  'system:persistent-volume-provisioner': [rule(`create delete ${read}`, '', 'persistentvolumes')],
  'system:volume-scheduler': [rule(`patch update ${read}`, '', 'persistentvolumeclaims persistentvolumes')],
  'system:controller:attachdetach-controller': [rule('patch update', '', 'nodes/status')],
  'system:controller:certificate-controller': [rule('update', 'certificates.k8s.io', `${csr}/approval ${csr}/status`)],
  'system:controller:clusterrole-aggregation-controller': [
    rule(`escalate patch update ${read}`, 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'system:controller:cronjob-controller': [
    rule(`create delete patch update ${read}`, 'batch', 'jobs'),
    rule(`update ${read}`, 'batch', 'cronjobs'),
  ],
  'system:controller:daemon-set-controller': pods,
  'system:controller:deployment-controller': [
    rule(`create delete patch update ${read}`, 'apps extensions', 'replicasets'),
    rule(`update ${read}`, '', 'pods'),
    rule(`update ${read}`, 'apps extensions', 'deployments'),
  ],
  'system:controller:disruption-controller': [rule('get', '*', '*/scale')],
  'system:controller:endpoint-controller': [rule(`create delete update ${read}`, '', 'endpoints')],
  'system:controller:endpointslice-controller': slices,
  'system:controller:endpointslicemirroring-controller': slices,
  'system:controller:expand-controller': [rule(`patch update ${read}`, '', 'persistentvolumes')],
  'system:controller:generic-garbage-collector': [rule(`delete patch update ${read}`, '*', '*')],
  'system:controller:horizontal-pod-autoscaler': [
    rule('get update', '*', '*/scale'),
    rule(read, 'custom.metrics.k8s.io external.metrics.k8s.io', '*'),
  ],
  'system:controller:job-controller': pods,
  'system:controller:namespace-controller': [rule(`delete deletecollection ${read}`, '*', '*')],
  'system:controller:node-controller': [
    rule(`delete patch update ${read}`, '', 'nodes'),
    rule('patch update', '', 'nodes/status pods/status'),
  ],
  'system:controller:persistent-volume-binder': [
    rule(`create delete ${read}`, '', 'pods'),
    rule(`create delete update ${read}`, '', 'persistentvolumes'),
  ],
  'system:controller:pv-protection-controller': [rule(`update ${read}`, '', 'persistentvolumes')],
  'system:controller:replicaset-controller': [...pods, rule(`update ${read}`, 'apps extensions', 'replicasets')],
  'system:controller:replication-controller': [...pods, rule(`update ${read}`, '', 'replicationcontrollers')],
  'system:controller:resourcequota-controller': [rule('list watch', '*', '*')],
  'system:controller:route-controller': [rule('patch', '', 'nodes/status')],
  'system:controller:statefulset-controller': [rule('create delete get patch update', '', 'pods')],
  'system:controller:ttl-controller': [rule('list patch update watch', '', 'nodes')],
};

const ownPods = [rule(`create delete patch ${read}`, '', 'pods')];

/** What roles that only clusters of Rempart have allow, and what theirs allow beyond those of Kubernetes. */
export const rempartRules: Record<string, PolicyRule[]> = {
  'rempart:volumes': [rule(`patch ${read}`, '', 'persistentvolumes')],
  'system:controller:certificate-approver-controller': [
    rule('update', 'certificates.k8s.io', `${csr}/approval ${csr}/finalizers`),
  ],
  'system:controller:daemon-set-controller': ownPods,
  'system:controller:garbage-collector-controller': [rule(`delete patch update ${read}`, '*', '*')],
  'system:controller:job-controller': ownPods,
  'system:controller:local-path-provisioner-controller': [rule(`create ${read}`, '', 'persistentvolumes')],
  'system:controller:local-path-release-controller': [rule(`patch ${read}`, '', 'persistentvolumes')],
  'system:controller:node-ipam-controller': [rule(`patch ${read}`, '', 'nodes')],
  'system:controller:persistent-volume-binder-controller': [rule(`update ${read}`, '', 'persistentvolumes')],
  'system:controller:persistent-volume-reclaim-controller': [rule(`delete patch ${read}`, '', 'persistentvolumes')],
  'system:controller:replica-set-controller': ownPods,
  'system:controller:replication-controller': ownPods,
  'system:controller:resourcequota-controller': [
    rule(read, '', 'configmaps persistentvolumeclaims pods replicationcontrollers resourcequotas secrets services'),
  ],
  'system:controller:statefulset-controller': ownPods,
};

/** Bindings of the system's own that a check finds: the role cluster-admin, and the one group that has it. */
export const kubernetesAdministrators: Record<string, string> = { 'cluster-admin': 'system:masters' };
export const rempartAdministrators: Record<string, string> = { 'rempart:admins': 'rempart:admins' };
