import { uncovered } from '../../api/rbac/rules.ts';
import type { Manifest } from '../contract.ts';
import type { FieldPath } from '../field.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { podOf } from '../workload.ts';
import type { Exception } from './exceptions.ts';
import type { Failure } from './judge.ts';
import { kubernetesAdministrators, kubernetesRules, rempartAdministrators, rempartRules } from './system-rights.ts';

const builtIn = { object: { kind: '*', namespace: '', name: '*' }, owner: 'rempart', expired: false, from: 'built in' };

/**
 * What a live cluster consists of and cannot be without. Exempt by name, as the server exempts it, and listed like every
 * other exception when it counts.
 */
const systemPods: Exception = {
  ...{ ...builtIn, name: 'system-pods', check: '*', expires: 'never' },
  reason: 'pods of kube-system are the cluster itself: they need the host, and no policy may cut them off',
};
const systemRights: Exception = {
  ...{ ...builtIn, name: 'system-rights', check: '*', expires: 'never' },
  reason: 'what roles that every cluster has allow, and the bindings of its own administrators',
};

const systemNamespace = 'kube-system';
const hostChecks = ['namespace-pod-security', 'exposure/host-network', 'network-policy/missing', 'sensitive-host-path'];

/** Is it a cluster of ours? Then it also has what only those have. */
type Origin = Pick<Snapshot, 'closedByDefault'>;

/** The built-in exception for a failure in a live cluster. */
export function exemptionFor({ check, finding, judged: { object } }: Failure, origin: Origin): Exception | undefined {
  const { kind, metadata } = object;
  const namespace = kind === 'Namespace' ? metadata.name : metadata.namespace;
  if (namespace === systemNamespace && (podOf(object) !== undefined || kind === 'Namespace'))
    return hostChecks.includes(check.id) || check.id.startsWith('pod-security/') ? systemPods : undefined;
  if (!ofRights(object)) return undefined;
  const isOwn = kind.endsWith('RoleBinding')
    ? isOwnBinding(object, check.id, finding.field, origin)
    : isOwnRole(object, finding.field, origin);
  return isOwn ? systemRights : undefined;
}

const ofRights = ({ apiVersion }: Manifest) => apiVersion.startsWith('rbac.authorization.k8s.io/');

/** Roles for people: one is everything, the others collect other roles, each of which is judged by itself. */
const collecting = ['admin', 'edit', 'view'];

/** Is what was found at this field of a role what the system's own role of that name allows? */
function isOwnRole({ kind, metadata, ...role }: Manifest, [list, index]: FieldPath, origin: Origin): boolean {
  const { name, namespace } = metadata;
  if (kind === 'ClusterRole' && name === 'cluster-admin') return true;
  if (kind === 'ClusterRole' && collecting.includes(name)) return role['aggregationRule'] !== undefined;
  const found = list === 'rules' ? role['rules']?.[index!] : undefined;
  if (found === undefined) return false;
  const key = kind === 'Role' ? `${namespace}/${name}` : name;
  const known = [kubernetesRules, ...(origin.closedByDefault ? [rempartRules] : [])];
  const own = known.flatMap((roles) => (Object.hasOwn(roles, key) ? roles[key]! : []));
  try {
    return uncovered([found], own).length === 0;
  } catch {
    return false; // too many to compare: the system's own are few
  }
}

function isOwnBinding(
  { kind, metadata: { name }, roleRef, subjects }: Manifest,
  check: string,
  field: FieldPath,
  { closedByDefault }: Origin,
): boolean {
  // Parts of the system have no ServiceAccount where they run as something else; whoever may make one there may do anything.
  if (check === 'rbac/dangling-binding' && name.startsWith('system:') && field[0] === 'subjects')
    return subjects[field[1]!]?.namespace === systemNamespace;
  const known = { ...kubernetesAdministrators, ...(closedByDefault ? rempartAdministrators : {}) };
  if (kind !== 'ClusterRoleBinding' || !Object.hasOwn(known, name)) return false;
  if (roleRef?.name !== 'cluster-admin' || !Array.isArray(subjects)) return false;
  return subjects.every((subject) => subject?.kind === 'Group' && subject.name === known[name]);
}

/** The failure, with what else it may be where a role or a binding of a live cluster is named like the system's own. */
export function withOrigin(failure: Failure): Failure {
  const { judged, finding } = failure;
  if (!ofRights(judged.object) || !/^system:/.test(judged.object.metadata.name)) return failure;
  const origin =
    'not one of Kubernetes’ own, or it holds more than that; a distribution may have brought it: ' +
    'where that is so, waive it with an Exception (docs/recipes/judge-another-cluster.md)';
  return { ...failure, finding: { ...finding, detail: `${finding.detail} (${origin})` } };
}
