import type { FileRole } from '../../../api/host-facts.ts';
import type { Item } from '../item.ts';

const mode = (id: string, what: string, modeMax: number, files: FileRole[], automated = true): Item => ({
  ...{
    id,
    level: 1,
    automated,
    title: `Only its owner may ${modeMax & 0o044 ? 'write' : 'read'} ${what} (${modeMax.toString(8)})`,
  },
  judging: { by: 'host', rule: { files, modeMax } },
});
const owned = (
  id: string,
  what: string,
  files: FileRole[],
  automated = true,
  owner: 'root:root' | 'etcd:etcd' = 'root:root',
): Item => ({
  ...{ id, level: 1, automated, title: `${what} ${/s$/.test(what) ? 'belong' : 'belongs'} to ${owner}` },
  judging: { by: 'host', rule: { files, owner } },
});

/** 1.1: what the control plane reads and writes on its machines. */
export const controlPlaneFiles: Item[] = [
  mode('1.1.1', 'the pod specification of the API server', 0o600, ['api-server-manifest']),
  owned('1.1.2', 'The pod specification of the API server', ['api-server-manifest']),
  mode('1.1.3', 'the pod specification of the controller manager', 0o600, ['controller-manager-manifest']),
  owned('1.1.4', 'The pod specification of the controller manager', ['controller-manager-manifest']),
  mode('1.1.5', 'the pod specification of the scheduler', 0o600, ['scheduler-manifest']),
  owned('1.1.6', 'The pod specification of the scheduler', ['scheduler-manifest']),
  mode('1.1.7', 'the pod specification of etcd', 0o600, ['etcd-manifest']),
  owned('1.1.8', 'The pod specification of etcd', ['etcd-manifest']),
  mode('1.1.9', 'what configures the pod network', 0o600, ['network-configuration'], false),
  owned('1.1.10', 'What configures the pod network', ['network-configuration'], false),
  mode('1.1.11', 'the directory of the store', 0o700, ['store-directory']),
  owned('1.1.12', 'The directory of the store', ['store-directory'], true, 'etcd:etcd'),
  mode('1.1.13', 'the administrator’s kubeconfig', 0o600, ['admin-kubeconfig']),
  owned('1.1.14', 'The administrator’s kubeconfig', ['admin-kubeconfig']),
  mode('1.1.15', 'the kubeconfig of the scheduler', 0o600, ['scheduler-kubeconfig']),
  owned('1.1.16', 'The kubeconfig of the scheduler', ['scheduler-kubeconfig']),
  mode('1.1.17', 'the kubeconfig of the controller manager', 0o600, ['controller-manager-kubeconfig']),
  owned('1.1.18', 'The kubeconfig of the controller manager', ['controller-manager-kubeconfig']),
  owned('1.1.19', 'All in the directory of certificates and keys', ['pki-directory', 'certificate', 'private-key']),
  mode('1.1.20', 'a certificate of the control plane', 0o644, ['certificate'], false),
  mode('1.1.21', 'a private key of the control plane', 0o600, ['private-key'], false),
];

/** 4.1: what the node agent reads on its machine. */
export const nodeFiles: Item[] = [
  mode('4.1.1', 'the service file of the kubelet', 0o600, ['kubelet-service']),
  owned('4.1.2', 'The service file of the kubelet', ['kubelet-service']),
  mode('4.1.3', 'the kubeconfig of kube-proxy', 0o600, ['proxy-kubeconfig'], false),
  owned('4.1.4', 'The kubeconfig of kube-proxy', ['proxy-kubeconfig'], false),
  mode('4.1.5', 'the credential of the kubelet', 0o600, ['kubelet-kubeconfig']),
  owned('4.1.6', 'The credential of the kubelet', ['kubelet-kubeconfig']),
  mode('4.1.7', 'the authority that the kubelet trusts', 0o644, ['kubelet-client-authority'], false),
  owned('4.1.8', 'The authority that the kubelet trusts', ['kubelet-client-authority'], false),
  mode('4.1.9', 'the configuration of the kubelet', 0o600, ['kubelet-configuration']),
  owned('4.1.10', 'The configuration of the kubelet', ['kubelet-configuration']),
];
