import { serviceAccountGroups } from '../../api/rbac/identity.ts';
import { type Subject, subjectsOf as subjectsNamed, subjectUser } from '../../api/rbac/subject.ts';
import { isObject } from '../../foundation/json.ts';
import type { JudgeContext, Manifest } from '../contract.ts';
import { bindingKinds } from '../snapshot/roles.ts';

/** The subjects of a binding. One that is written wrongly must not keep all others from being looked up. */
export const subjectsOf = (binding: Manifest): Subject[] =>
  subjectsNamed({ ...binding, subjects: Array.isArray(binding['subjects']) ? binding['subjects'].map(sound) : [] });

const sound = (subject: unknown) => {
  const { kind, namespace, name } = isObject(subject) ? subject : {};
  return { kind, namespace, name: String(name) };
};

/** Components of a cluster are what they are; people and pods in groups of everybody are none. */
export const isComponent = (subject: Subject): boolean =>
  subject.kind === 'ServiceAccount'
    ? subject.namespace === 'kube-system'
    : /^(system|rempart):(?!serviceaccounts\b|(un)?authenticated$|anonymous$)/.test(subject.name);

/** A ServiceAccount is known by its user name, so that it is the same however a binding names it. */
export const keyOf = (subject: Subject): string =>
  subject.kind === 'Group' ? `group:${subject.name}` : `user:${subjectUser(subject).username}`;

/** What a subject is known by, and the groups that it is in by being what it is. */
export function keysOf(subject: Subject): string[] {
  const groups = subjectUser(subject).groups.map((name) => keyOf({ kind: 'Group', name }));
  return [...new Set([keyOf(subject), ...groups])];
}

/** Whom a list of bindings names. Made once for it: every pod and every ServiceAccount asks. */
const named = new WeakMap<Manifest[], Set<string>>();

function namedIn(bindings: Manifest[]): Set<string> {
  let subjects = named.get(bindings);
  if (subjects === undefined) {
    subjects = new Set(bindings.flatMap(subjectsOf).map(keyOf));
    named.set(bindings, subjects);
  }
  return subjects;
}

/**
 * Does any binding give this ServiceAccount something, by itself or as one of its namespace? What those of all namespaces
 * hold is what every cluster gives them.
 */
export function hasRights(context: JudgeContext, namespace: string, name: string): boolean {
  const [, ofNamespace = ''] = serviceAccountGroups(namespace);
  const keys = [keyOf({ kind: 'ServiceAccount', namespace, name }), keyOf({ kind: 'Group', name: ofNamespace })];
  return bindingKinds
    .map((kind) => namedIn(context.of(kind)))
    .some((subjects) => keys.some((key) => subjects.has(key)));
}

/** The role that a binding refers to; undefined when it is not there. */
export function roleOf({ metadata, roleRef }: Manifest, context: JudgeContext): Manifest | undefined {
  const inNamespace = roleRef?.kind === 'Role';
  return context
    .of(`${roleRef?.kind}.rbac.authorization.k8s.io`, inNamespace ? (metadata.namespace ?? '') : undefined)
    .find((role) => role.metadata.name === roleRef?.name);
}
