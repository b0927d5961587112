import type { KubernetesObject } from '../object.ts';
import type { UserInfo } from '../user.ts';
import { authenticatedGroup, serviceAccountName, serviceAccountOf, serviceAccountUser } from './identity.ts';

/** One subject of a binding, as in rbac/v1; a service account always with its namespace. */
export type Subject =
  | { kind: 'User'; name: string }
  | { kind: 'Group'; name: string }
  | { kind: 'ServiceAccount'; namespace: string; name: string };

/**
 * The subjects of a binding; a service account without a namespace is one of the binding's own, and one may also be
 * named as the user that it is.
 */
export const subjectsOf = (binding: KubernetesObject): Subject[] =>
  ((binding['subjects'] ?? []) as { kind: string; name: string; namespace?: string }[]).map(
    ({ kind, name, namespace }) => {
      if (kind === 'Group') return { kind, name };
      if (kind === 'User') return subjectOfUser(name);
      return { kind: 'ServiceAccount', namespace: namespace ?? binding.metadata.namespace ?? '', name };
    },
  );

/** `ServiceAccount shop/api`, for people. */
export const describeSubject = (subject: Subject): string =>
  subject.kind === 'ServiceAccount'
    ? `ServiceAccount ${subject.namespace}/${subject.name}`
    : `${subject.kind} ${subject.name}`;

/** Is this user the subject, or in the group that is the subject? */
export function isSubject({ username, groups }: Pick<UserInfo, 'username' | 'groups'>, subject: Subject): boolean {
  if (subject.kind === 'Group') return groups.includes(subject.name);
  return username === (subject.kind === 'User' ? subject.name : serviceAccountName(subject.namespace, subject.name));
}

/** The subject that names this user and nobody else: a ServiceAccount by what it is. */
export function subjectOfUser(username: string): Subject {
  const account = serviceAccountOf(username);
  return account === undefined ? { kind: 'User', name: username } : { kind: 'ServiceAccount', ...account };
}

/**
 * The least that somebody who is this subject is to authorization: everybody who is known by name is in
 * system:authenticated, a service account in the groups of its own, too.
 */
export function subjectUser(subject: Subject): UserInfo {
  if (subject.kind === 'Group') return { username: '', groups: [subject.name] };
  if (subject.kind === 'User') return { username: subject.name, groups: [authenticatedGroup] };
  return serviceAccountUser(subject.namespace, subject.name);
}
