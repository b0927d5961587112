import type { PolicyRule } from '../../api/rbac/rules.ts';
import type { Subject } from '../../api/rbac/subject.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import { createSnapshot, type Snapshot } from '../snapshot/snapshot.ts';

/** A cluster that is open by default, of these objects. */
export const clusterOf = (objects: Manifest[], more: Partial<Snapshot> = {}): Snapshot =>
  createSnapshot({
    ...{ source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36, unread: [], objects },
    ...more,
  });

export const namespace = (name: string, labels: Record<string, string> = {}): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
});

/** What shows that NetworkPolicies are enforced: without it nothing that they refuse is known to be refused. */
export const calico: Manifest = {
  ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: 'kube-system', name: 'calico-node' } },
};

export const secret = (at: string, name: string, annotations: Record<string, string> = {}): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: at, name, annotations } },
});

export const node = (name: string, labels: Record<string, string> = {}): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } },
});

/** A pod on node `n1` that listens on 8080 and runs as `account` without its token, unless `spec` says otherwise. */
export function pod(at: string, name: string, spec: Record<string, unknown> = {}, address?: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: at, name, labels: { app: name } },
    spec: {
      ...{ nodeName: 'n1', serviceAccountName: name, automountServiceAccountToken: false },
      containers: [{ name: 'main', image: 'example', ports: [{ containerPort: 8080 }] }],
      ...spec,
    },
    ...(address ? { status: { phase: 'Running', podIPs: [{ ip: address }] } } : {}),
  };
}

export const account = (at: string, name: string): Subject => ({ kind: 'ServiceAccount', namespace: at, name });

/** A role of these rules, held by a subject in one namespace. */
export const heldIn = (at: string, name: string, rules: PolicyRule[], subject: Subject): Manifest[] => [
  role(at, name, rules),
  roleBinding(at, name, name, [subject]),
];

/** A role of these rules, held by a subject everywhere. */
export const heldEverywhere = (name: string, rules: PolicyRule[], subject: Subject): Manifest[] => [
  clusterRole(name, rules),
  clusterRoleBinding(name, name, [subject]),
];
