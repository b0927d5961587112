import { mastersGroup } from '../../api/rbac/identity.ts';
import type { Grant } from '../../api/rbac/role-index.ts';
import { describeRule, type PolicyRule, ruleAllows } from '../../api/rbac/rules.ts';
import type { Subject } from '../../api/rbac/subject.ts';
import { namesToCreate, ruleGives } from '../cluster/role-rights.ts';
import { type ObjectRef, refOf } from '../object-ref.ts';
import { pathsToSubjects } from '../paths/detours.ts';
import type { Path } from '../paths/steps.ts';
import { rolesOf } from '../snapshot/roles.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type Workload, workloadsOf } from '../snapshot/workloads.ts';
import { isClusterScoped, type RightQuery } from './right-query.ts';

/** One subject that can, by one binding. */
export type Holder = {
  subject: Subject;
  /** The namespace in which it can; empty: everywhere. */
  namespace: string;
  binding: ObjectRef;
  role: ObjectRef;
  /** The rule that allows it, as Kubernetes prints rules. */
  rule: string;
  /** Only objects of these names; empty: all. */
  names: string[];
  /** What runs as this service account, or as any of this group of them. */
  runs: { ref: ObjectRef; pods: number; token: boolean }[];
};

export type WhoCan = {
  query: RightQuery;
  holders: Holder[];
  /** Who can besides, without a binding. */
  always: string[];
  /** Who gets there by detours, each with its easiest one. */
  indirect?: Path[];
  /** What keeps this list from being complete, with why. */
  notAssessed: string[];
};

/** Everybody who can do it by RBAC, each with the binding, role and rule that say so. */
export function whoCan(snapshot: Snapshot, query: RightQuery, options: { indirect?: boolean } = {}): WhoCan {
  const { index, notAssessed } = rolesOf(snapshot);
  const runs = runsAs(snapshot);
  const holders = index.grants.flatMap((grant) => {
    const found = deciding(grant, query);
    if (found === undefined) return [];
    return grant.subjects.map((subject) => ({
      ...{ subject, namespace: grant.namespace, binding: refOf(grant.binding), role: refOf(grant.role) },
      ...{ rule: describeRule(found.rule), names: found.names, runs: runs(subject) },
    }));
  });
  const unread = ['Pod', 'ServiceAccount'].flatMap((kind) => {
    const why = snapshot.whyUnread(kind);
    return why === undefined ? [] : [`what runs as a service account (${kind}: ${why})`];
  });
  return {
    ...{ query, holders, always: alwaysAllowed(query) },
    ...(options.indirect
      ? {
          indirect: pathsToSubjects(
            snapshot,
            holders.map(({ subject }) => subject),
          ),
        }
      : {}),
    notAssessed: [...notAssessed, ...unread, ...beyond(snapshot)],
  };
}

/** Verbs that ask about no object by name: a rule for certain names does not allow them, but for an apply. */
const nameless = new Set(['create', 'deletecollection']);

/** The rule that allows it, and for which names; empty: for all. One for all names outweighs those for some. */
function deciding(grant: Grant, query: RightQuery): { rule: PolicyRule; names: string[] } | undefined {
  const { namespace, path } = query;
  // Of what has no namespace, a binding of one reaches that Namespace itself.
  const itself = grant.namespace !== '' && isOfNamespaces(query);
  const name = itself ? grant.namespace : query.name;
  if (grant.namespace !== '' && !counts(grant.namespace, query)) return undefined;
  if (grant.namespace !== '' && namespace !== undefined && namespace !== grant.namespace) return undefined;
  const user = { username: '', groups: [] };
  const matching = grant.rules.filter((rule) => {
    // Without a name it is asked who can do it to any object: a rule for some names counts, and says which.
    const anyName = name === '' && !isNameless(query);
    const about = { ...query, name, user, version: '', namespace: '' };
    const asked = path === undefined ? about : { ...about, nonResourcePath: path };
    return ruleAllows(anyName ? { ...rule, resourceNames: [] } : rule, asked);
  });
  const forAll = matching.find(({ resourceNames }) => !resourceNames?.length);
  const rule = forAll ?? matching[0];
  if (rule === undefined) return query.verb === 'create' && name === '' ? applying(grant, query) : undefined;
  if (itself) return { rule, names: [grant.namespace] };
  return { rule, names: forAll ? [] : [...new Set(matching.flatMap(({ resourceNames }) => resourceNames ?? []))] };
}

/** Rules that let somebody create objects of certain names, and no others. */
function applying({ rules }: Grant, { group, resource, subresource, path }: RightQuery) {
  if (path !== undefined || subresource !== '') return undefined;
  const right = { group, resource };
  const found = rules
    .filter((rule) => ruleGives(rule, { ...right, verbs: ['create'] }))
    .map((rule) => ({ rule, names: namesToCreate(rule, rules, right) }))
    .filter(({ names }) => names.length > 0);
  return found[0] && { rule: found[0].rule, names: [...new Set(found.flatMap(({ names }) => names))] };
}

const isNameless = ({ verb, subresource }: RightQuery) => nameless.has(verb) && subresource === '';

const isOfNamespaces = ({ resource, group }: RightQuery) => resource === 'namespaces' && group === '';

/** Does a binding of one namespace count? Of what has none, only for that Namespace itself, by its name. */
function counts(at: string, query: RightQuery): boolean {
  if (query.path !== undefined) return false;
  if (!isOfNamespaces(query)) return !isClusterScoped(query);
  const listing = query.verb === 'list' || query.verb === 'watch' || isNameless(query);
  return query.name === '' ? !listing : query.name === at;
}

/** The workloads that run as a subject. Groups of service accounts are spelled out; others have no pods. */
function runsAs(snapshot: Snapshot): (subject: Subject) => Holder['runs'] {
  const all = workloadsOf(snapshot);
  const byAccount = Map.groupBy(all, ({ namespace, account }) => `${namespace}/${account}`);
  const byNamespace = Map.groupBy(all, ({ namespace }) => namespace);
  const told = (workloads: Workload[] = []) =>
    workloads.map(({ ref, pods, token }) => ({ ref, pods: pods.length, token: token !== undefined }));
  return (subject) => {
    if (subject.kind === 'ServiceAccount') return told(byAccount.get(`${subject.namespace}/${subject.name}`));
    if (subject.kind === 'User') return [];
    if (subject.name === 'system:serviceaccounts' || subject.name === 'system:authenticated') return told(all);
    const [, , namespace] = subject.name.split(':');
    return subject.name.startsWith('system:serviceaccounts:') ? told(byNamespace.get(namespace!)) : [];
  };
}

const nodeReads = new Set(['secrets', 'configmaps', 'persistentvolumeclaims', 'persistentvolumes', 'pods', 'nodes']);

function alwaysAllowed({ resource, subresource }: RightQuery): string[] {
  const always = [`Group ${mastersGroup}: past every role; its members are certificates that no object names`];
  if (nodeReads.has(resource) || (resource === 'serviceaccounts' && subresource === 'token'))
    always.push('every kubelet (system:node:NAME), for what its own pods refer to, by the node authorizer');
  return always;
}

/** Manifests are a part of what will be bound; our own API server has no other authorizers than RBAC. */
const beyond = ({ closedByDefault, source }: Snapshot): string[] =>
  source === 'manifests'
    ? ['bindings that the cluster has besides: manifests are only a part of what runs']
    : closedByDefault
      ? []
      : ['authorizers other than RBAC and Node (webhook, ABAC): the API does not show whether there are any'];
