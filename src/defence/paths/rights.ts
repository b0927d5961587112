import type { Grant, HeldRole } from '../../api/rbac/role-index.ts';
import { describeRule, type PolicyRule } from '../../api/rbac/rules.ts';
import { type Subject, subjectUser } from '../../api/rbac/subject.ts';
import { type ObjectRef, refOf } from '../object-ref.ts';
import { asWritten } from '../snapshot/roles.ts';
import type { Places } from './effects.ts';
import { costs, type Hop, type Lever, type Place } from './graph.ts';
import { addMemberships, subjectId } from './memberships.ts';
import type { Model } from './model.ts';
import { type Combined, combine } from './needs.ts';
import { type Primitive, primitives } from './primitives.ts';
import { unbind, withoutRule } from './role-levers.ts';

type Scope = {
  places: Places;
  model: Model;
  /** Places of roles whose rights were added. */
  done: Set<Place>;
};

/** Groups, bindings, and everything that the rights of roles come to. */
export function addRights(places: Places, model: Model): void {
  const scope: Scope = { places, model, done: new Set() };
  for (const grant of model.roles.grants) {
    addBinding(places, grant);
    addRole(scope, grant.namespace, grant);
  }
  addMemberships(places, model);
  addCombinations(scope);
}

function addBinding(places: Places, grant: Grant): void {
  for (const [index, subject] of grant.subjects.entries()) {
    const why = `is bound to ${grant.role.kind} ${grant.role.metadata.name}`;
    places.graph.hop(places.subject(subject), places.role(grant), {
      ...{ cost: costs.given, why, by: [refOf(asWritten(grant.binding))], lever: unbind(grant, index) },
    });
  }
}

/** The place of a role held somewhere, with what it comes to by itself. */
function addRole(scope: Scope, namespace: string, held: HeldRole): Place {
  const { places, done } = scope;
  const from = places.role({ namespace, role: held.role });
  if (done.has(from)) return from;
  done.add(from);
  const by = [refOf(asWritten(held.role))];
  if (held.rules.some(isEverything)) {
    const why = 'may do everything: verbs, groups and resources are *';
    places.graph.hop(from, places.gain('everything', namespace), { cost: costs.command, why, by });
    return from;
  }
  const byOneRule = new Set(held.rules.flatMap((rule, index) => addRule(scope, namespace, held, rule, index)));
  const grant: Grant = { ...held, namespace, binding: held.role, subjects: [] };
  // An apply that makes its object takes two rights, which may stand in two rules.
  for (const primitive of [...several, ...knownSingle(scope).filter((each) => !byOneRule.has(each))])
    for (const found of combined(primitive, [grant])) emit(scope, from, primitive, found, { by, lever: undefined });
  return from;
}

/** What the rights of these come to; where it takes a Role that one holds, only with one among them. */
const combined = (primitive: Primitive, grants: Grant[]): Combined[] =>
  combine(primitive, grants).filter(
    ({ namespace }) =>
      !primitive.inRole || grants.some((grant) => grant.role.kind === 'Role' && grant.namespace === namespace),
  );

/** Each rule has a place, so that what is taken away with it stands on one hop. Returns the ways that it is by itself. */
function addRule(scope: Scope, namespace: string, held: HeldRole, rule: PolicyRule, index: number): Primitive[] {
  const { places } = scope;
  const own: Grant = { ...held, namespace, binding: held.role, subjects: [], rules: [rule] };
  const found = knownSingle(scope).flatMap((primitive) =>
    combine(primitive, [own]).map((combined) => ({ primitive, combined })),
  );
  if (found.length === 0) return [];
  const by = [refOf(asWritten(held.role))];
  const role = places.role({ namespace, role: held.role });
  const place = places.graph.place(`${role.id}#${index}`, 'between', `rules[${index}] of ${role.text}`);
  const lever = withoutRule(held.role, rule);
  places.graph.hop(role, place, { cost: costs.given, why: describeRule(rule), by, ...(lever ? { lever } : {}) });
  for (const { primitive, combined } of found) emit(scope, place, primitive, combined, { by, lever: undefined });
  return found.map(({ primitive }) => primitive);
}

function knownSingle({ model: { snapshot } }: Scope): Primitive[] {
  const { minor } = snapshot;
  return single.filter(({ untilMinor = minor }) => minor <= untilMinor);
}

const single = primitives.filter(({ needs }) => needs.length === 1);
const several = primitives.filter(({ needs }) => needs.length > 1);

const isEverything = ({ verbs, apiGroups, resources, resourceNames }: PolicyRule) =>
  verbs.includes('*') && apiGroups?.includes('*') && resources?.includes('*') && !resourceNames?.length;

/** The groups that a subject is in by being what it is. */
const impliedGroups = (subject: Subject): string[] => (subject.kind === 'Group' ? [] : subjectUser(subject).groups);

/** What the rights of several bindings of one subject, or of it and its groups, come to together. */
function addCombinations(scope: Scope): void {
  const { places, model } = scope;
  const bySubject = new Map<string, { subject: Subject; grants: Grant[] }>();
  for (const grant of model.roles.grants)
    for (const subject of grant.subjects) {
      const key = subjectId(subject);
      const entry = bySubject.get(key) ?? { subject, grants: [] };
      bySubject.set(key, entry);
      entry.grants.push(grant);
    }
  for (const { subject, grants } of bySubject.values()) {
    const all = [
      ...grants,
      ...impliedGroups(subject).flatMap((group) => bySubject.get(`group:${group}`)?.grants ?? []),
    ];
    if (all.length < 2) continue;
    for (const primitive of several) {
      const alone = new Set(all.flatMap((grant) => combined(primitive, [grant]).map(({ namespace }) => namespace)));
      if (alone.has('')) continue;
      for (const found of combined(primitive, all)) {
        const { namespace, from } = found;
        if (alone.has(namespace)) continue;
        const by = from.map(({ binding }) => refOf(asWritten(binding)));
        const own = grants.find((grant) => from.includes(grant));
        const lever =
          own &&
          unbind(
            own,
            own.subjects.findIndex((each) => subjectId(each) === subjectId(subject)),
          );
        emit(scope, places.subject(subject), primitive, found, { by, lever });
      }
    }
  }
}

type About = { by: ObjectRef[]; lever: Lever | undefined };

function emit(scope: Scope, from: Place, primitive: Primitive, combined: Combined, { by, lever }: About): void {
  const { graph, gain } = scope.places;
  const { namespace, matches } = combined;
  const hop: Omit<Hop, 'from' | 'to'> = { cost: primitive.cost, why: primitive.why, by, ...(lever ? { lever } : {}) };
  const { names } = matches[0]!;
  if (primitive.named === undefined || names === undefined) {
    graph.hop(from, gain(primitive.gain, namespace), hop);
    return;
  }
  const targets = names.flatMap((name) => namedPlaces(scope, primitive.named!, namespace, name));
  // One lever on one hop: what it takes away is parted behind a place of its own.
  if (targets.length === 0) return;
  const which = names.join(', ');
  const shared = graph.place(
    `${primitive.id}:${which}@${namespace}<${from.id}`,
    'between',
    `${primitive.named} ${which}`,
  );
  graph.hop(from, shared, hop);
  for (const target of targets) graph.hop(shared, target, { cost: costs.given, why: 'that is', by: [] });
}

function namedPlaces(all: Scope, type: string, namespace: string, name: string): Place[] {
  const { places, model } = all;
  const within = (each: string) => namespace === '' || each === namespace;
  if (type === 'secret')
    return model
      .namespacesWith('secret', name)
      .filter(within)
      .map((each) => places.secret(each, name));
  if (type === 'account')
    return model
      .namespacesWith('account', name)
      .filter(within)
      .map((each) => places.account(each, name));
  if (type === 'pod')
    return model
      .workloadsWithPod(name)
      .filter((workload) => within(workload.namespace))
      .map(places.workload);
  if (type === 'user') return [places.subject({ kind: 'User', name })];
  if (type === 'group') return [places.subject({ kind: 'Group', name })];
  if (type === 'node') return model.nodes.has(name) ? [places.node(name)] : [];
  const held = model.roles.clusterRoles.get(name);
  return held === undefined ? [] : [addRole(all, namespace, held)];
}
