import { podSecurityModes } from '../../api/pod-security/modes.ts';
import { readLevel } from '../../api/pod-security/pod-security.ts';
import type { RoleIndex } from '../../api/rbac/role-index.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import { constrainedImpersonationSince } from '../cluster/role-rights.ts';
import { refOf, refText } from '../object-ref.ts';
import { writtenMode } from '../protection-mode.ts';
import { asWritten, rolesOf } from '../snapshot/roles.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { namespaceOf, type Workload, workloadsOf } from '../snapshot/workloads.ts';

/** What paths are made of, sorted by namespace. */
export type Model = {
  snapshot: Snapshot;
  roles: RoleIndex;
  namespaces: string[];
  workloads: Workload[];
  workloadsIn(namespace: string): Workload[];
  /** Names of ServiceAccounts: those that are written, and those that something runs as or is bound to. */
  accountsIn(namespace: string): string[];
  /** Secrets that were read, and those that something mounts. */
  secretsIn(namespace: string): string[];
  /** The namespaces that have an account, a Secret, or a pod of that name. */
  namespacesWith(what: 'account' | 'secret', name: string): string[];
  workloadsWithPod(name: string): Workload[];
  nodes: ReadonlySet<string>;
  /** May a pod of this namespace be privileged? */
  admitsPrivileged(namespace: string): boolean;
  /** What was not read, so that a path through it would not be found. */
  notAssessed: string[];
};

const neededKinds = ['Pod', 'Namespace', 'Node', 'ServiceAccount', 'Secret'];

export function modelOf(snapshot: Snapshot): Model {
  const { index: roles, notAssessed } = rolesOf(snapshot);
  const workloads = workloadsOf(snapshot);
  const byNamespace = Map.groupBy(workloads, ({ namespace }) => namespace);
  const accounts = createNames();
  for (const object of snapshot.of('ServiceAccount')) accounts.add(namespaceOf(object), object.metadata.name);
  for (const { namespace, account } of workloads) accounts.add(namespace, account);
  for (const { subjects } of roles.grants)
    for (const subject of subjects)
      if (subject.kind === 'ServiceAccount') accounts.add(subject.namespace, subject.name);
  const secrets = createNames();
  for (const object of snapshot.of('Secret')) secrets.add(namespaceOf(object), object.metadata.name);
  for (const workload of workloads) for (const name of workload.secrets.keys()) secrets.add(workload.namespace, name);
  const labels = new Map(snapshot.of('Namespace').map(({ metadata }) => [metadata.name, metadata.labels]));
  const unnamed = roles.grants.map(({ namespace }) => namespace).filter(Boolean);
  const namespaces = new Set([...labels.keys(), ...accounts.places(), ...secrets.places(), ...unnamed]);
  let pods: Map<string, Workload[]> | undefined;
  const byPod = () => (pods ??= podsByName(workloads));
  const nodes = new Set(snapshot.of('Node').map(({ metadata }) => metadata.name));
  for (const workload of workloads) for (const node of workload.nodes) nodes.add(node);
  return {
    ...{ snapshot, roles, workloads, namespaces: [...namespaces].sort(), nodes },
    workloadsIn: (namespace) => byNamespace.get(namespace) ?? [],
    accountsIn: accounts.of,
    secretsIn: secrets.of,
    namespacesWith: (what, name) => (what === 'account' ? accounts : secrets).placesOf(name),
    workloadsWithPod: (name) => byPod().get(name) ?? [],
    admitsPrivileged: (namespace) => enforcedLevel(snapshot, labels.get(namespace)) === 'privileged',
    notAssessed: [...notAssessed, ...unreadOf(snapshot), ...constrainedImpersonation(snapshot, roles)],
  };
}

/**
 * Acting as somebody else for some verbs of some resources: where it leads is what both may, and is not followed. Never
 * to system:masters. Kubernetes, "User impersonation: constrained impersonation".
 */
function constrainedImpersonation({ minor, closedByDefault }: Snapshot, { grants }: RoleIndex): string[] {
  if (closedByDefault || minor < constrainedImpersonationSince) return [];
  const acts = ({ rules }: { rules: PolicyRule[] }) =>
    rules.some(({ verbs }) => verbs.some((verb) => verb.startsWith('impersonate-on:')));
  const roles = [...new Set(grants.filter(acts).map(({ role }) => refText(refOf(asWritten(role)))))];
  return roles.map((role) => `${role}: whom its holders act as, for the verbs that it names (impersonate-on)`);
}

function unreadOf(snapshot: Snapshot): string[] {
  const unread = neededKinds.flatMap((kind) => {
    const why = snapshot.whyUnread(kind);
    return why === undefined ? [] : [`${kind}: ${why}`];
  });
  const webhooks = snapshot.of('ValidatingWebhookConfiguration.admissionregistration.k8s.io').length;
  const told =
    webhooks > 0 ? [`${webhooks} validating webhooks may refuse pods that these paths need; they were not asked`] : [];
  const kinds = snapshot.of('CustomResourceDefinition.apiextensions.k8s.io').length;
  const custom = kinds > 0 ? [`what controllers do on behalf of ${kinds} kinds of custom resources`] : [];
  return [...unread, ...told, ...custom];
}

/** Which Pod Security Standard binds pods of a namespace with these labels, by the cluster's own default. */
function enforcedLevel(snapshot: Snapshot, labels: Record<string, string> | undefined) {
  if (!snapshot.closedByDefault) return podSecurityModes(labels, 'privileged').enforce.level;
  const mode = writtenMode(snapshot, 'pod-security');
  const byDefault = mode === 'off' || mode === 'observe' ? 'privileged' : (readLevel(String(mode)) ?? 'restricted');
  return podSecurityModes(labels, byDefault).enforce.level;
}

function podsByName(workloads: Workload[]): Map<string, Workload[]> {
  const found = new Map<string, Workload[]>();
  for (const workload of workloads)
    for (const name of workload.pods) {
      const list = found.get(name);
      if (list === undefined) found.set(name, [workload]);
      else list.push(workload);
    }
  return found;
}

/** Names by namespace, and namespaces by name. */
function createNames() {
  const all = new Map<string, Set<string>>();
  const byName = new Map<string, string[]>();
  return {
    add(namespace: string, name: string) {
      const names = all.get(namespace) ?? new Set();
      if (names.has(name)) return;
      all.set(namespace, names.add(name));
      const places = byName.get(name);
      if (places === undefined) byName.set(name, [namespace]);
      else places.push(namespace);
    },
    of: (namespace: string): string[] => [...(all.get(namespace) ?? [])],
    placesOf: (name: string): string[] => byName.get(name) ?? [],
    places: () => all.keys(),
  };
}
