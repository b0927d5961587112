import type { Manifest } from '../contract.ts';
import { podOf } from '../workload.ts';
import type { Exception } from './exceptions.ts';
import type { Failure } from './judge.ts';

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
  reason: 'roles that every cluster has, and their bindings to nobody but the cluster’s own parts',
};

const systemNamespace = 'kube-system';
const hostChecks = ['namespace-pod-security', 'exposure/host-network', 'network-policy/missing', 'sensitive-host-path'];

/** The built-in exception for a failure in a live cluster. */
export function exemptionFor({ check, judged: { object } }: Failure): Exception | undefined {
  const { kind, metadata } = object;
  const namespace = kind === 'Namespace' ? metadata.name : metadata.namespace;
  if (namespace === systemNamespace && (podOf(object) !== undefined || kind === 'Namespace'))
    return hostChecks.includes(check.id) || check.id.startsWith('pod-security/') ? systemPods : undefined;
  if (!object.apiVersion.startsWith('rbac.authorization.k8s.io/') || !isOwnName(object)) return undefined;
  return kind.endsWith('RoleBinding') && !boundToItself(object) ? undefined : systemRights;
}

const userFacing = ['cluster-admin', 'admin', 'edit', 'view'];
/** The reader's role is for somebody from outside: what it gives is judged like everything else. */
const isOwnName = ({ kind, metadata: { name } }: Manifest) =>
  /^(?:system:|rempart:(?!reader))/.test(name) || (kind.startsWith('Cluster') && userFacing.includes(name));

/** A binding with a system's name that lets in anybody else is none of the system's. */
const everybody = /^system:(?:anonymous|authenticated|unauthenticated|serviceaccount)/;
function boundToItself({ subjects }: Manifest): boolean {
  if (!Array.isArray(subjects ?? [])) return false;
  return ((subjects ?? []) as Record<string, unknown>[]).every((subject) => {
    const name = String(subject?.['name'] ?? '');
    if (subject?.['kind'] === 'ServiceAccount') return subject['namespace'] === systemNamespace;
    return /^(?:system|rempart):/.test(name) && !everybody.test(name);
  });
}
