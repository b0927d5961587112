import type { IssueOptions } from './authority.ts';

const hourMs = 3600 * 1000;
const componentLifetimeMs = 24 * hourMs;

const client = (commonName: string, organizations: string[], lifetimeMs = componentLifetimeMs): IssueOptions => ({
  subject: { commonName, organizations },
  usages: ['client'],
  lifetimeMs,
});

/** Every certificate the cluster issues to itself and to its owner, in one place. */
export const identities = {
  /** The API server's own serving certificate. `addresses` as clients dial them. */
  apiServer: (addresses: string[], dns: string[] = []): IssueOptions => ({
    subject: { commonName: 'kube-apiserver' },
    usages: ['server'],
    lifetimeMs: componentLifetimeMs,
    names: { dns: [...apiServerNames, ...dns], addresses },
  }),
  /** How the API server shows itself to node agents: the only caller they answer. */
  apiServerToKubelet: (): IssueOptions => client('kube-apiserver-kubelet-client', ['rempart:kubelet-callers']),
  node: (name: string): IssueOptions => client(`system:node:${name}`, ['system:nodes']),
  nodeServing: (name: string, addresses: string[]): IssueOptions => ({
    subject: { commonName: `system:node:${name}`, organizations: ['system:nodes'] },
    usages: ['server'],
    lifetimeMs: componentLifetimeMs,
    names: { dns: [name], addresses },
  }),
  /** Services, policies and DNS of one node. */
  network: (node: string): IssueOptions => client(`rempart:network:${node}`, ['rempart:network']),
  /** Removal of one node's deleted volumes. */
  volumes: (node: string): IssueOptions => client(`rempart:volumes:${node}`, ['rempart:volumes']),
  /** The owner's kubeconfig: a new one with every `rempart up`, so that a forgotten copy dies within days. */
  admin: (): IssueOptions => client('rempart:admin', ['rempart:admins'], 7 * 24 * hourMs),
  /** In system:masters, past RBAC: for a cluster whose roles are broken. Marked in the audit log, short-lived. */
  breakGlass: (): IssueOptions => client('rempart:break-glass', ['system:masters'], hourMs),
};

const apiServerNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];
