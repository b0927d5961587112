import { createHash } from 'node:crypto';
import type { Call, Observations, Window } from '../../../api/observations/observation.ts';
import { authenticatedGroup, serviceAccountOf, serviceAccountUser } from '../../../api/rbac/identity.ts';
import { isSubject, subjectOfUser, subjectsOf } from '../../../api/rbac/subject.ts';
import { boundRole } from '../../../api/rbac/write-rule.ts';
import type { UserInfo } from '../../../api/user.ts';
import type { Manifest } from '../../contract.ts';
import { bareKind, refOf } from '../../object-ref.ts';
import { attributesOf, callText, isOfManyPaths } from '../../observations/calls.ts';
import { spanText, watchedMs } from '../../observations/watched.ts';
import { bindingKinds, roleKinds, rolesOf } from '../../snapshot/roles.ts';
import { type Change, type Snapshot, withChanges } from '../../snapshot/snapshot.ts';
import { type Held, heldBy } from './held.ts';
import { deriveRules } from './rules.ts';

/** The least roles for one user, from what it was seen to do. */
export type DerivedRoles = {
  user: string;
  calls: number;
  /** The new roles and bindings. */
  objects: Manifest[];
  /** These, and bindings that name the user without it. */
  changes: Change[];
  held: Held;
  /** Tried with the new roles: observed calls that would be allowed, and those that would not. */
  allowed: number;
  denied: string[];
  /** What calls do not show. */
  warnings: string[];
};

export type DeriveReport = {
  users: DerivedRoles[];
  windows: Window[];
  /** What the windows are worth. */
  warnings: string[];
  notAssessed: string[];
};

const shortMs = 7 * 24 * 3600 * 1000;

/** Roles for the users that were seen (all but those of the cluster itself, or only these). */
export function deriveRoles(snapshot: Snapshot, observations: Observations, only: string[]): DeriveReport {
  const windows = observations.windows.calls;
  const { notAssessed } = rolesOf(snapshot);
  const calls = Map.groupBy(observations.calls, ({ user }) => user);
  const users = only.length > 0 ? only : [...calls.keys()].filter(isOfThePeople).sort();
  return {
    users: users.map((user) => deriveFor(snapshot, user, calls.get(user) ?? [])),
    windows,
    warnings: windowWarnings(windows),
    notAssessed: [
      ...notAssessed,
      ...(windows.length === 0 ? ['calls to the API: nobody watched them (--observations)'] : []),
    ],
  };
}

/** Users of the cluster’s own parts keep the roles that Kubernetes gives them; kubelets have the node authorizer. */
function isOfThePeople(user: string): boolean {
  const account = serviceAccountOf(user);
  return account === undefined ? !/^(system|rempart):/.test(user) : account.namespace !== 'kube-system';
}

function windowWarnings(windows: Window[]): string[] {
  const ms = watchedMs(windows);
  if (ms === undefined) return [];
  const short = ms < shortMs ? [`only ${spanText(ms)} were watched: what happens once a week may be missing`] : [];
  const lost = windows.reduce((sum, window) => sum + window.lost, 0);
  return lost > 0 ? [...short, `${lost} calls or more were lost: what they needed may be missing`] : short;
}

function deriveFor(snapshot: Snapshot, user: string, seen: Call[]): DerivedRoles {
  const passed = seen.filter(({ allowed }) => allowed);
  const calls = passed.filter((call) => !isOfManyPaths(call));
  const who = userInfo(user, seen);
  const { index } = rolesOf(snapshot);
  const objects = calls.length === 0 ? [] : objectsFor(user, calls);
  const changes = objects.length === 0 ? [] : [...objects.map((put) => ({ put })), ...unbound(snapshot, user)];
  const after = indexOf(withChanges(snapshot, changes));
  const refused = calls.filter((call) => after.allowed(attributesOf(call)) === undefined && !passesWithoutRole(call));
  return {
    ...{ user, calls: calls.length, objects, changes, held: heldBy(index, who, passed) },
    allowed: calls.length - refused.length,
    denied: [...new Set(refused.map(callText))],
    warnings: warningsFor(
      passed,
      index
        .all(who)
        .some(({ subjects }) => !subjects.some((subject) => isSubject({ username: user, groups: [] }, subject))),
    ),
  };
}

const indexOf = (snapshot: Snapshot) => rolesOf(snapshot).index;
const passesWithoutRole = ({ groups }: Call) => groups.includes('system:masters') || groups.includes('system:nodes');

function userInfo(user: string, calls: Call[]): UserInfo {
  const account = serviceAccountOf(user);
  if (account !== undefined) return serviceAccountUser(account.namespace, account.name);
  return { username: user, groups: [...new Set([...calls.flatMap(({ groups }) => groups), authenticatedGroup])] };
}

const baseLengthMax = 45;

function objectsFor(user: string, calls: Call[]): Manifest[] {
  const account = serviceAccountOf(user);
  const base = (account === undefined ? user : account.name).toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  // Whatever is not in the account's own namespace could be of another one of the same name.
  const mark = createHash('sha256').update(user).digest('hex').slice(0, 8);
  return deriveRules(calls).flatMap(({ namespace, rules }) => {
    const own = account !== undefined && namespace === account.namespace;
    const name = `${base.replace(/^-+/, '').slice(0, baseLengthMax)}-used${own ? '' : `-${mark}`}`;
    const { role, binding } = boundRole({ name, namespace }, rules, [subjectOfUser(user)]);
    return [role, binding];
  });
}

/** Every binding that names the user, without it; the last subject takes the binding with it. */
export function unbound(snapshot: Snapshot, user: string): Change[] {
  return bindingKinds
    .flatMap((kind) => snapshot.of(kind))
    .flatMap((binding): Change[] => {
      const subjects = subjectsOf(binding);
      const left = (binding['subjects'] ?? []).filter(
        (_: unknown, at: number) => !isSubject({ username: user, groups: [] }, subjects[at]!),
      );
      if (left.length === subjects.length) return [];
      return left.length === 0 ? [{ remove: refOf(binding) }] : [{ put: { ...binding, subjects: left } }];
    });
}

const writing = new Set(['create', 'update', 'patch']);
const handsOut = new Set([...roleKinds, ...bindingKinds].map((kind) => `${bareKind(kind).toLowerCase()}s`));

/** Rights that are checked, but never the verb of a request: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-creation-or-update */
function warningsFor(calls: Call[], byGroup: boolean): string[] {
  const writes = (matches: (call: Call) => boolean) => calls.some((call) => writing.has(call.verb) && matches(call));
  return [
    ...(calls.some(isOfManyPaths)
      ? ['it asked for more paths than are kept one by one: what they need, discovery aside, is in no role here']
      : []),
    ...(writes(({ group, resource }) => group === 'rbac.authorization.k8s.io' && handsOut.has(resource))
      ? ['it writes roles or bindings: it also needs the rights that it hands out, or bind and escalate']
      : []),
    ...(writes(({ resource, subresource }) => resource === 'certificatesigningrequests' && subresource === 'approval')
      ? ['it approves certificates: it also needs approve on their signers']
      : []),
    ...(calls.some(({ groups }) => groups.includes('system:masters'))
      ? ['it came as one of system:masters, whom no role limits']
      : []),
    ...(byGroup ? ['it holds rights by its groups, too: these stay as they are'] : []),
  ];
}
