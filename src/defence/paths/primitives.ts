import { change, lastExecByGet } from '../cluster/role-rights.ts';
import { costs } from './graph.ts';

/** Any of these verbs on any of these resources, `resource/subresource.group`. */
export type Need = {
  verbs: string[];
  resources: string[] /** Its names are those of namespaces. */;
  namesNamespaces?: true;
};

/**
 * What holding the rights comes to, within the namespace in which they are held (or all). `everything` in all namespaces
 * is cluster-admin.
 */
export type Gain =
  /** What every Secret holds. */
  | 'secrets'
  /** A command in every pod. */
  | 'pods'
  /** A pod of one's own making: any ServiceAccount and Secret of the namespace, and a node if pods may be privileged. */
  | 'run'
  /** A token of every ServiceAccount. */
  | 'accounts'
  /** Acting as every user. */
  | 'users'
  /** Every role of the namespace. */
  | 'roles'
  /** Every right in the namespace. */
  | 'everything'
  | 'nodes';

/** A way in which rights become more than they seem. */
export type Primitive = {
  id: string;
  /** All are needed, of one binding or of several. */
  needs: Need[];
  gain: Gain;
  /** The rights count only when they are held everywhere. */
  everywhere?: true;
  /** Only for who holds a Role of the namespace. */
  inRole?: true;
  /** Names in a rule limit the gain: to a Secret, a pod, an account, a user, a group, a ClusterRole, a node of that name. */
  named?: 'secret' | 'pod' | 'account' | 'user' | 'group' | 'role' | 'node';
  /** Of the names that a rule may be limited to, those that matter. */
  signer?: string[];
  /** The last minor version of Kubernetes 1 in which it is a way. */
  untilMinor?: number;
  cost: number;
  why: string;
};

const read = ['get', 'list', 'watch'];
const rbac = 'rbac.authorization.k8s.io';
const admission = 'admissionregistration.k8s.io';
const controllers = ['deployments.apps', 'daemonsets.apps', 'statefulsets.apps', 'replicasets.apps'];
const running: Need[] = [
  { verbs: ['create'], resources: ['pods', 'jobs.batch'] },
  { verbs: change, resources: [...controllers, 'cronjobs.batch', 'replicationcontrollers'] },
];
const makesPods: Need = { verbs: ['create'], resources: [...running[0]!.resources, ...running[1]!.resources] };

/**
 * Every way known here by which a right becomes another one. Sources: Kubernetes, "Role Based Access Control Good
 * Practices" (privilege escalation risks), CIS benchmark 5.1, "Authorization: warning about workload creation".
 * Changing Node objects alone is not among them: it steers pods, which helps only who holds a node already.
 */
export const primitives: Primitive[] = [
  ...running.map(
    (need, index): Primitive => ({
      ...{ id: index === 0 ? 'create-pods' : 'change-workloads', needs: [need], gain: 'run', cost: costs.command },
      why: index === 0 ? 'creates pods' : 'changes what workloads run',
    }),
  ),
  {
    ...{ id: 'read-secrets', needs: [{ verbs: read, resources: ['secrets'] }], gain: 'secrets', named: 'secret' },
    ...{ cost: costs.command, why: 'reads Secrets' },
  },
  {
    id: 'mint-token-secret',
    needs: [
      { verbs: ['create'], resources: ['secrets'] },
      { verbs: read, resources: ['secrets'] },
    ],
    ...{ gain: 'accounts', cost: costs.several, why: 'creates a Secret of type service-account-token and reads it' },
  },
  {
    id: 'exec',
    needs: [{ verbs: ['create'], resources: ['pods/exec', 'pods/attach'] }],
    ...{ gain: 'pods', named: 'pod', cost: costs.command, why: 'runs commands in pods' },
  },
  {
    ...{ id: 'exec-by-get', untilMinor: lastExecByGet },
    needs: [{ verbs: ['get'], resources: ['pods/exec', 'pods/attach'] }],
    ...{ gain: 'pods', named: 'pod', cost: costs.command, why: 'runs commands in pods, over a WebSocket' },
  },
  {
    id: 'debug',
    needs: [{ verbs: ['update', 'patch'], resources: ['pods/ephemeralcontainers', 'pods'] }],
    ...{ gain: 'pods', named: 'pod', cost: costs.command, why: 'adds a container to pods, or changes its image' },
  },
  {
    id: 'create-tokens',
    needs: [{ verbs: ['create'], resources: ['serviceaccounts/token'] }],
    ...{ gain: 'accounts', named: 'account', cost: costs.command, why: 'asks for tokens of ServiceAccounts' },
  },
  {
    id: 'impersonate-accounts',
    needs: [{ verbs: ['impersonate'], resources: ['serviceaccounts'] }],
    ...{ gain: 'accounts', named: 'account', cost: costs.command, why: 'acts as ServiceAccounts' },
  },
  {
    id: 'impersonate-users',
    needs: [{ verbs: ['impersonate'], resources: ['users'] }],
    ...{ gain: 'users', named: 'user', everywhere: true, cost: costs.command, why: 'acts as other users' },
  },
  {
    id: 'impersonate-groups',
    needs: [
      { verbs: ['impersonate'], resources: ['groups'] },
      { verbs: ['impersonate'], resources: ['users', 'serviceaccounts'] },
    ],
    ...{ gain: 'everything', named: 'group', everywhere: true, cost: costs.command },
    why: 'acts as any group, system:masters included',
  },
  {
    id: 'bind-everywhere',
    needs: [
      { verbs: ['bind'], resources: [`clusterroles.${rbac}`] },
      { verbs: change, resources: [`clusterrolebindings.${rbac}`] },
    ],
    ...{ gain: 'everything', named: 'role', everywhere: true, cost: costs.command },
    why: 'binds any ClusterRole to itself',
  },
  {
    id: 'bind',
    needs: [
      { verbs: ['bind'], resources: [`clusterroles.${rbac}`] },
      { verbs: change, resources: [`rolebindings.${rbac}`] },
    ],
    ...{ gain: 'everything', named: 'role', cost: costs.command, why: 'binds any ClusterRole to itself there' },
  },
  {
    id: 'bind-roles',
    needs: [
      { verbs: ['bind'], resources: [`roles.${rbac}`] },
      { verbs: change, resources: [`rolebindings.${rbac}`] },
    ],
    ...{ gain: 'roles', cost: costs.command, why: 'binds any Role there to itself' },
  },
  {
    id: 'escalate-everywhere',
    needs: [
      { verbs: ['escalate'], resources: [`clusterroles.${rbac}`] },
      { verbs: ['update', 'patch'], resources: [`clusterroles.${rbac}`] },
    ],
    ...{ gain: 'everything', everywhere: true, cost: costs.command, why: 'writes any right into the role it holds' },
  },
  {
    id: 'escalate',
    needs: [
      { verbs: ['escalate'], resources: [`roles.${rbac}`] },
      { verbs: change, resources: [`roles.${rbac}`] },
      { verbs: change, resources: [`rolebindings.${rbac}`] },
    ],
    ...{ gain: 'everything', cost: costs.several, why: 'writes any right of the namespace into a Role and binds it' },
  },
  {
    id: 'escalate-own',
    needs: [
      { verbs: ['escalate'], resources: [`roles.${rbac}`] },
      { verbs: ['update', 'patch'], resources: [`roles.${rbac}`] },
    ],
    ...{ gain: 'everything', inRole: true, cost: costs.command },
    why: 'writes any right of the namespace into a Role that it holds',
  },
  {
    id: 'nodes-proxy',
    needs: [{ verbs: ['get', 'create'], resources: ['nodes/proxy'] }],
    ...{ gain: 'nodes', named: 'node', everywhere: true, cost: costs.command },
    why: 'runs commands in any pod through the kubelet, past admission and audit',
  },
  {
    id: 'approve-certificates',
    needs: [
      { verbs: ['approve'], resources: ['signers.certificates.k8s.io'] },
      { verbs: ['update', 'patch'], resources: ['certificatesigningrequests/approval.certificates.k8s.io'] },
      { verbs: ['create'], resources: ['certificatesigningrequests.certificates.k8s.io'] },
    ],
    ...{ gain: 'everything', everywhere: true, cost: costs.several },
    signer: ['kubernetes.io/kube-apiserver-client', 'kubernetes.io/*'],
    why: 'issues itself a client certificate of any user',
  },
  {
    id: 'change-mutating-webhooks',
    needs: [{ verbs: change, resources: [`mutatingwebhookconfigurations.${admission}`] }],
    ...{
      gain: 'everything',
      everywhere: true,
      cost: costs.waiting,
      why: 'changes what others write, roles and pods included',
    },
  },
  {
    id: 'change-mutating-policies',
    needs: [
      { verbs: change, resources: [`mutatingadmissionpolicies.${admission}`] },
      { verbs: change, resources: [`mutatingadmissionpolicybindings.${admission}`] },
    ],
    ...{
      gain: 'everything',
      everywhere: true,
      cost: costs.waiting,
      why: 'changes what others write, roles and pods included',
    },
  },
  {
    id: 'change-validating-webhooks',
    needs: [{ verbs: change, resources: [`validatingwebhookconfigurations.${admission}`] }],
    ...{ gain: 'secrets', everywhere: true, cost: costs.waiting, why: 'is sent every Secret that is written' },
  },
  {
    id: 'create-volumes',
    needs: [{ verbs: ['create'], resources: ['persistentvolumes'] }, makesPods],
    ...{ gain: 'nodes', cost: costs.several, why: 'mounts any folder of a node by a PersistentVolume of its own' },
  },
  {
    id: 'change-namespaces',
    needs: [{ verbs: ['update', 'patch'], resources: ['namespaces'], namesNamespaces: true }, makesPods],
    ...{ gain: 'nodes', cost: costs.several },
    why: 'takes the Pod Security label off the namespace and runs a privileged pod',
  },
];
