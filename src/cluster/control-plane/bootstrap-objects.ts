import { setImmediate } from 'node:timers/promises';
import type { KubernetesObject } from '../../api/object.ts';
import { type PolicyRule, uncovered } from '../../api/rbac/rules.ts';
import { userRoles } from '../../api/rbac/user-roles.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import { clusterBindings, namespacedBindings } from './bootstrap/bindings.ts';
import { namespacedRoles, systemRoles } from './bootstrap/system-roles.ts';

const namespace = (name: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const priorityClass = (name: string, value: number, description: string): KubernetesObject => ({
  ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name } },
  ...{ value, description, preemptionPolicy: 'PreemptLowerPriority', globalDefault: false },
});

/** Directories on the node that the pod runs on: a claim without a class works on the first day. */
const defaultStorageClass: KubernetesObject = {
  ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
  metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  ...{ provisioner: 'rempart.io/local-path', reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer' },
};

export type BootstrapSettings = {
  /** PEM: what in-cluster clients trust; published for extension API servers. */
  clientAuthority: string;
  /** Roles and bindings of controllers, made from what they declare (`rolesFor`). */
  derived?: KubernetesObject[];
};

/** What every cluster holds from the first second, in the order in which it is made. */
export function bootstrapObjects({ clientAuthority, derived = [] }: BootstrapSettings): KubernetesObject[] {
  return [
    ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(namespace),
    ...userRoles,
    ...systemRoles,
    ...clusterBindings,
    ...derived,
    ...namespacedRoles,
    ...namespacedBindings,
    priorityClass('system-cluster-critical', 2_000_000_000, 'For pods that the cluster needs, wherever they run.'),
    priorityClass(
      'system-node-critical',
      2_000_001_000,
      'For pods that their node needs and that no other can replace.',
    ),
    defaultStorageClass,
    {
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
      data: { 'client-ca-file': clientAuthority },
    },
  ];
}

/**
 * Makes what is missing and adds, to roles and bindings, what an older version or a mistake left out; takes nothing
 * away. Objects whose annotation rbac.authorization.kubernetes.io/autoupdate is "false" are left alone
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#auto-reconciliation). Needs a client that may do all
 * of this; returns how many objects were written.
 */
export async function reconcileBootstrapObjects(client: Client, objects: KubernetesObject[]): Promise<number> {
  let written = 0;
  for (const object of objects) {
    if (await reconcile(client, object)) written++;
    // What is there already is found without any waiting: requests are answered in between.
    await setImmediate();
  }
  return written;
}

const resources: Record<string, string> = {
  Namespace: 'namespaces',
  ConfigMap: 'configmaps',
  StorageClass: 'storageclasses.storage.k8s.io',
  PriorityClass: 'priorityclasses.scheduling.k8s.io',
  ClusterRole: 'clusterroles.rbac.authorization.k8s.io',
  ClusterRoleBinding: 'clusterrolebindings.rbac.authorization.k8s.io',
  Role: 'roles.rbac.authorization.k8s.io',
  RoleBinding: 'rolebindings.rbac.authorization.k8s.io',
};

async function reconcile(client: Client, wanted: KubernetesObject): Promise<boolean> {
  const resource = resources[wanted.kind];
  if (resource === undefined) throw new Error(`no bootstrap object may be a ${wanted.kind}`);
  const { name, namespace } = wanted.metadata;
  const present = await client.get(resource, { name, namespace }).catch(notFoundIsUndefined);
  if (present === undefined) {
    await client.create(resource, wanted);
    return true;
  }
  const completed = complete(present, wanted);
  if (completed === undefined) return false;
  await client.update(resource, completed);
  return true;
}

function notFoundIsUndefined(error: unknown): undefined {
  if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
  throw error;
}

/** The object as it should be, or undefined when nothing is missing. */
export function complete(present: KubernetesObject, wanted: KubernetesObject): KubernetesObject | undefined {
  if (present.metadata.annotations?.['rbac.authorization.kubernetes.io/autoupdate'] === 'false') return undefined;
  if (wanted.kind === 'ConfigMap') return withData(present, wanted);
  if (wanted.kind.endsWith('RoleBinding')) return withSubjects(present, wanted);
  if (wanted.kind.endsWith('Role')) return withRules(present, wanted);
  return undefined;
}

function withData(present: KubernetesObject, wanted: KubernetesObject): KubernetesObject | undefined {
  const stale = Object.entries(wanted['data']).some(([key, value]) => present['data']?.[key] !== value);
  return stale ? { ...present, data: { ...present['data'], ...wanted['data'] } } : undefined;
}

function withRules(present: KubernetesObject, wanted: KubernetesObject): KubernetesObject | undefined {
  if (wanted['aggregationRule'] !== undefined) {
    const same = JSON.stringify(present['aggregationRule']) === JSON.stringify(wanted['aggregationRule']);
    return same ? undefined : { ...present, aggregationRule: wanted['aggregationRule'] };
  }
  const held: PolicyRule[] = present['rules'] ?? [];
  const missing = (wanted['rules'] as PolicyRule[]).filter((rule) => uncovered([rule], held).length > 0);
  return missing.length === 0 ? undefined : { ...present, rules: [...held, ...missing] };
}

function withSubjects(present: KubernetesObject, wanted: KubernetesObject): KubernetesObject | undefined {
  const key = ({ kind, name, namespace = '' }: any) => `${kind}/${namespace}/${name}`;
  const held = new Set((present['subjects'] ?? []).map(key));
  const missing = wanted['subjects'].filter((subject: unknown) => !held.has(key(subject)));
  return missing.length === 0 ? undefined : { ...present, subjects: [...(present['subjects'] ?? []), ...missing] };
}
