import type { KubernetesObject } from '../../../api/object.ts';
import { clusterRoleBinding, roleBinding, user, userGroup } from '../../../api/rbac/write-rule.ts';

const authenticated = userGroup('system:authenticated');

/** Who holds the default roles. Nameless requests get health and version, nothing else. */
export const clusterBindings: KubernetesObject[] = [
  clusterRoleBinding('cluster-admin', 'cluster-admin', [userGroup('system:masters')]),
  clusterRoleBinding('rempart:admins', 'cluster-admin', [userGroup('rempart:admins')]),
  clusterRoleBinding('system:monitoring', 'system:monitoring', [userGroup('system:monitoring')]),
  clusterRoleBinding('system:discovery', 'system:discovery', [authenticated]),
  clusterRoleBinding('system:basic-user', 'system:basic-user', [authenticated]),
  clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', [
    authenticated,
    userGroup('system:unauthenticated'),
  ]),
  clusterRoleBinding('system:service-account-issuer-discovery', 'system:service-account-issuer-discovery', [
    userGroup('system:serviceaccounts'),
  ]),
  clusterRoleBinding('system:node', 'system:node', []),
  clusterRoleBinding('system:node-proxier', 'system:node-proxier', [user('system:kube-proxy')]),
  clusterRoleBinding('rempart:network', 'rempart:network', [userGroup('rempart:network')]),
  clusterRoleBinding('rempart:volumes', 'rempart:volumes', [userGroup('rempart:volumes')]),
  clusterRoleBinding('system:kube-scheduler', 'system:kube-scheduler', [user('system:kube-scheduler')]),
  clusterRoleBinding('system:volume-scheduler', 'system:volume-scheduler', [user('system:kube-scheduler')]),
  clusterRoleBinding('system:kube-controller-manager', 'system:kube-controller-manager', [
    user('system:kube-controller-manager'),
  ]),
  clusterRoleBinding('system:kube-dns', 'system:kube-dns', [
    { kind: 'ServiceAccount', namespace: 'kube-system', name: 'kube-dns' },
  ]),
  // a node with a bootstrap token asks for its first certificate, and renews it by itself
  clusterRoleBinding('rempart:node-bootstrapper', 'system:node-bootstrapper', [userGroup('system:bootstrappers')]),
  clusterRoleBinding(
    'rempart:node-client-certificates',
    'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    [userGroup('system:bootstrappers')],
  ),
  clusterRoleBinding(
    'rempart:node-client-renewal',
    'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    [userGroup('system:nodes')],
  ),
];

export const namespacedBindings: KubernetesObject[] = [
  roleBinding(
    'kube-system',
    'system::extension-apiserver-authentication-reader',
    'extension-apiserver-authentication-reader',
    [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  ),
];
