import { rulesOf } from '../../api/rbac/aggregate.ts';
import { serviceAccountGroups } from '../../api/rbac/identity.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
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

/** A ServiceAccount is known by its user name, so that it is the same however a binding names it. */
const keyOf = (subject: Subject): string =>
  subject.kind === 'Group' ? `group:${subject.name}` : `user:${subjectUser(subject).username}`;

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

/** What all ClusterRoleBindings together give to each subject. Made once for a list of them: each of them asks. */
const known = new WeakMap<Manifest[], Map<string, PolicyRule[]>>();

/** What a subject holds everywhere, also by the groups that it is in by being what it is. */
export function clusterRules(subject: Subject, context: JudgeContext): PolicyRule[] {
  const bindings = context.of('ClusterRoleBinding.rbac.authorization.k8s.io');
  const roles = context.of('ClusterRole.rbac.authorization.k8s.io');
  let rules = known.get(bindings);
  if (rules === undefined) {
    rules = new Map();
    const byName = new Map(roles.map((role) => [role.metadata.name, role]));
    for (const binding of bindings) {
      const role = byName.get(binding['roleRef']?.name);
      const given = role === undefined ? [] : rulesOf(role, roles);
      for (const key of subjectsOf(binding).map(keyOf)) rules.set(key, [...(rules.get(key) ?? []), ...given]);
    }
    known.set(bindings, rules);
  }
  const groups = subjectUser(subject).groups.map((name) => keyOf({ kind: 'Group', name }));
  return [...new Set([keyOf(subject), ...groups])].flatMap((key) => rules.get(key) ?? []);
}
