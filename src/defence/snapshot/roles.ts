import { createRoleIndex, type RoleIndex } from '../../api/rbac/role-index.ts';
import { userRoles } from '../../api/rbac/user-roles.ts';
import type { Manifest } from '../contract.ts';
import { refOf, refText } from '../object-ref.ts';
import { oncePerSnapshot } from './once.ts';
import type { Snapshot } from './snapshot.ts';

export const roleKinds = ['Role.rbac.authorization.k8s.io', 'ClusterRole.rbac.authorization.k8s.io'];
export const bindingKinds = ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io'];

export type SnapshotRoles = {
  index: RoleIndex;
  /** Why something about rights cannot be known; empty: all roles and bindings were read and understood. */
  notAssessed: string[];
};

/**
 * Roles and bindings of a snapshot, made ready once. Manifests lack the roles that every cluster brings along
 * (cluster-admin, admin, edit, view): these are taken as Kubernetes ships them.
 */
export const rolesOf = oncePerSnapshot(readRoles);

function readRoles(snapshot: Snapshot): SnapshotRoles {
  const notAssessed = [...roleKinds, ...bindingKinds].flatMap((kind) => {
    const why = snapshot.whyUnread(kind);
    return why === undefined ? [] : [`${kind}: ${why}`];
  });
  const read = (kind: string, sound: (object: Manifest) => boolean, namespaced: boolean): Manifest[] =>
    snapshot.of(kind).flatMap((object) => {
      if (sound(object)) return [namespaced ? placed(object) : object];
      notAssessed.push(`${refText(refOf(object))}: it is not formed as the API has it`);
      return [];
    });
  const [role, clusterRole] = roleKinds as [string, string];
  const [roleBinding, clusterRoleBinding] = bindingKinds as [string, string];
  const clusterRoles = read(clusterRole, soundRole, false);
  const names = new Set(clusterRoles.map(({ metadata }) => metadata.name));
  const shipped = snapshot.source === 'manifests' ? userRoles.filter(({ metadata }) => !names.has(metadata.name)) : [];
  const index = createRoleIndex({
    roles: read(role, soundRole, true),
    clusterRoles: [...clusterRoles, ...shipped],
    roleBindings: read(roleBinding, soundBinding, true),
    clusterRoleBindings: read(clusterRoleBinding, soundBinding, false),
  });
  const where = snapshot.source === 'manifests' ? 'is not among the manifests' : 'does not exist: it gives nothing';
  if (snapshot.source === 'manifests')
    for (const binding of index.dangling)
      notAssessed.push(`${refText(refOf(binding))}: its ${binding.roleRef.kind} ${binding.roleRef.name} ${where}`);
  return { index, notAssessed };
}

const placements = new WeakMap<Manifest, Manifest>();
const originals = new WeakMap<Manifest, Manifest>();

/** The object as it stands in the snapshot, from a role or binding of the index. */
export const asWritten = (object: Manifest): Manifest => originals.get(object) ?? object;

/** A manifest that names no namespace is meant for `default`; without one, a RoleBinding would count everywhere. */
function placed(object: Manifest): Manifest {
  if (object.metadata.namespace) return object;
  const copy = placements.get(object) ?? { ...object, metadata: { ...object.metadata, namespace: 'default' } };
  placements.set(object, copy);
  originals.set(copy, object);
  return copy;
}

const isTextList = (value: unknown) =>
  value === undefined || value === null || (Array.isArray(value) && value.every((item) => typeof item === 'string'));

const soundRole = ({ rules }: Manifest): boolean =>
  Array.isArray(rules ?? []) &&
  (rules ?? []).every(
    (rule: any) =>
      Array.isArray(rule?.verbs) &&
      [rule.verbs, rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs].every(isTextList),
  );

const soundBinding = ({ roleRef, subjects }: Manifest): boolean =>
  typeof roleRef?.name === 'string' &&
  Array.isArray(subjects ?? []) &&
  (subjects ?? []).every((subject: any) => typeof subject?.name === 'string' && typeof subject.kind === 'string');
