import type { PolicyRule } from '../../api/rbac/rules.ts';
import type { JudgeContext, Manifest } from '../contract.ts';
import { bindingKinds } from '../snapshot/roles.ts';

export type BoundSubject = { kind: string; name: string; namespace?: string };

/** The subjects of a binding; a ServiceAccount without a namespace is one of the binding's own. */
export const subjectsOf = ({ metadata, subjects }: Manifest): BoundSubject[] =>
  // One that is written wrongly must not keep all others from being looked up.
  (Array.isArray(subjects) ? (subjects as BoundSubject[]) : []).map((subject) =>
    subject?.kind === 'ServiceAccount'
      ? { ...subject, namespace: subject.namespace ?? metadata.namespace ?? '' }
      : { ...subject },
  );

const subjectKey = ({ kind, namespace = '', name }: BoundSubject): string => `${kind} ${namespace}/${name}`;

/** Whom a list of bindings names. Made once for it: every pod and every ServiceAccount asks. */
const named = new WeakMap<Manifest[], Set<string>>();

function namedIn(bindings: Manifest[]): Set<string> {
  let subjects = named.get(bindings);
  if (subjects === undefined) {
    subjects = new Set(bindings.flatMap(subjectsOf).map(subjectKey));
    named.set(bindings, subjects);
  }
  return subjects;
}

/** Does any binding give this ServiceAccount something? */
export function hasRights(context: JudgeContext, namespace: string, name: string): boolean {
  const key = subjectKey({ kind: 'ServiceAccount', namespace, name });
  return bindingKinds.map((kind) => namedIn(context.of(kind))).some((subjects) => subjects.has(key));
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

export function clusterRules(subject: BoundSubject, context: JudgeContext): PolicyRule[] {
  const bindings = context.of('ClusterRoleBinding.rbac.authorization.k8s.io');
  const roles = context.of('ClusterRole.rbac.authorization.k8s.io');
  let rules = known.get(bindings);
  if (rules === undefined) {
    rules = new Map();
    const rulesOf = new Map(roles.map((role) => [role.metadata.name, (role['rules'] ?? []) as PolicyRule[]]));
    for (const binding of bindings)
      for (const each of subjectsOf(binding)) {
        const key = subjectKey(each);
        rules.set(key, [...(rules.get(key) ?? []), ...(rulesOf.get(binding['roleRef']?.name) ?? [])]);
      }
    known.set(bindings, rules);
  }
  return rules.get(subjectKey(subject)) ?? [];
}
