import type { KubernetesObject } from '../../../api/object.ts';
import type { PolicyRule } from '../../../api/rbac/rules.ts';
import { clusterRole, paths, read, role, rule } from '../../../api/rbac/write-rule.ts';

const events = rule('create patch update', 'core events.k8s.io', 'events');
const tokenReviews = rule('create', 'authentication.k8s.io', 'tokenreviews');
const accessReviews = rule('create', 'authorization.k8s.io', 'subjectaccessreviews');
const csr = 'certificatesigningrequests';
const certificates = 'certificates.k8s.io';

/** Leader election: making a Lease cannot be limited by name. */
const lease = (name: string): PolicyRule[] => [
  rule('create list watch', 'coordination.k8s.io', 'leases'),
  rule('get update', 'coordination.k8s.io', 'leases', name),
];

const approver = (name: string, signer: string) =>
  clusterRole(`system:certificates.k8s.io:${name}`, [rule('approve', certificates, 'signers', signer)]);

/** Roles of components and of discovery, with the names that Kubernetes 1.36 gives them. */
export const systemRoles: KubernetesObject[] = [
  clusterRole('system:public-info-viewer', [paths('get', '/healthz /livez /readyz /version /version/')]),
  clusterRole('system:monitoring', [
    paths('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
  ]),
  clusterRole('system:discovery', [
    paths('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
  ]),
  clusterRole('system:basic-user', [
    rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  clusterRole('system:service-account-issuer-discovery', [
    paths(
      'get',
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ),
  ]),
  clusterRole('system:auth-delegator', [tokenReviews, accessReviews]),
  clusterRole('system:kube-aggregator', [
    rule(read, '', 'endpoints services'),
    rule(read, 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('system:kubelet-api-admin', [
    rule('proxy', '', 'nodes'),
    rule('*', '', 'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats'),
  ]),
  // bound to nobody: the node authorizer gives nodes what they need, and only that
  clusterRole('system:node', [
    tokenReviews,
    rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
    rule(read, '', 'services'),
    rule('create get list watch', '', 'nodes'),
    rule('patch update', '', 'nodes nodes/status'),
    events,
    rule('create delete get list watch', '', 'pods'),
    rule('patch update', '', 'pods/status'),
    rule('create', '', 'pods/eviction serviceaccounts/token'),
    rule(read, '', 'configmaps secrets'),
    rule('get', '', 'persistentvolumeclaims persistentvolumes'),
    rule(`create ${read}`, certificates, csr),
    rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
    rule('get', 'storage.k8s.io', 'volumeattachments'),
    rule(read, 'storage.k8s.io', 'csidrivers'),
    rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
    rule(read, 'node.k8s.io', 'runtimeclasses'),
  ]),
  clusterRole('system:node-bootstrapper', [rule(`create ${read}`, certificates, csr)]),
  clusterRole('system:node-problem-detector', [rule('get', '', 'nodes'), rule('patch', '', 'nodes/status'), events]),
  clusterRole('system:node-proxier', [
    rule('list watch', '', 'endpoints services'),
    rule(read, '', 'nodes'),
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
    rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    events,
  ]),
  clusterRole('system:kube-dns', [
    rule('list watch', '', 'endpoints services'),
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
  ]),
  // services, policies and DNS of a node, in the node agent's process under an identity of its own
  clusterRole('rempart:network', [
    rule(read, '', 'endpoints namespaces nodes pods services'),
    rule(read, 'discovery.k8s.io', 'endpointslices'),
    rule(read, 'networking.k8s.io', 'networkpolicies'),
    rule(read, 'defence.rempart.io', 'protections'),
    rule('patch update', 'networking.k8s.io', 'networkpolicies/status'),
    rule('create', 'defence.rempart.io', 'observationreports'),
    events,
  ]),
  // who connects to whom and who asks for what: bound to nobody
  clusterRole('rempart:observations', [rule('get list', 'defence.rempart.io', 'observations')]),
  // removes the directories of deleted local volumes; nodes as such may only get the volumes of their pods
  clusterRole('rempart:volumes', [rule(`patch ${read}`, '', 'persistentvolumes')]),
  clusterRole('system:kube-scheduler', [
    events,
    ...lease('kube-scheduler'),
    rule(read, '', 'namespaces nodes persistentvolumeclaims persistentvolumes replicationcontrollers services'),
    rule(`delete ${read}`, '', 'pods'),
    rule('create', '', 'bindings pods/binding'),
    rule('patch update', '', 'pods/status'),
    rule(read, 'apps', 'replicasets statefulsets'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, 'scheduling.k8s.io', 'priorityclasses'),
    rule(read, 'storage.k8s.io', 'csidrivers csinodes csistoragecapacities storageclasses volumeattachments'),
    tokenReviews,
    accessReviews,
  ]),
  clusterRole('system:volume-scheduler', [
    rule('get list patch update watch', '', 'persistentvolumeclaims persistentvolumes'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
  ]),
  clusterRole('system:kube-controller-manager', [
    events,
    ...lease('kube-controller-manager'),
    rule('delete', '', 'secrets'),
    rule('create update', '', 'secrets serviceaccounts'),
    rule('get', '', 'configmaps namespaces secrets serviceaccounts'),
    rule('create', '', 'serviceaccounts/token'),
    tokenReviews,
    accessReviews,
    rule('list watch', '*', '*'),
  ]),
  clusterRole('system:persistent-volume-provisioner', [
    rule('create delete get list watch', '', 'persistentvolumes'),
    rule('get list update watch', '', 'persistentvolumeclaims'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule('create get list patch update watch', '', 'events'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [
    rule('create', certificates, `${csr}/nodeclient`),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
    rule('create', certificates, `${csr}/selfnodeclient`),
  ]),
  approver('kube-apiserver-client-approver', 'kubernetes.io/kube-apiserver-client'),
  approver('kube-apiserver-client-kubelet-approver', 'kubernetes.io/kube-apiserver-client-kubelet'),
  approver('kubelet-serving-approver', 'kubernetes.io/kubelet-serving'),
  approver('legacy-unknown-approver', 'kubernetes.io/legacy-unknown'),
];

/** Roles within kube-system and kube-public. */
export const namespacedRoles: KubernetesObject[] = [
  role('kube-system', 'extension-apiserver-authentication-reader', [
    rule(read, '', 'configmaps', 'extension-apiserver-authentication'),
  ]),
];
