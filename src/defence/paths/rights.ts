import type { KubernetesObject } from '../../api/object.ts';
import {
  authenticatedGroup,
  mastersGroup,
  serviceAccountGroups,
  unauthenticatedGroup,
} from '../../api/rbac/identity.ts';
import { bindingText, type Grant, type HeldRole, type Subject } from '../../api/rbac/role-index.ts';
import { describeRule, type PolicyRule } from '../../api/rbac/rules.ts';
import { splitResourceName } from '../../client/resources.ts';
import { type Right, ruleGives } from '../cluster/role-rights.ts';
import { modeOf } from '../perimeter/administration/contract.ts';
import { subjectText } from '../perimeter/render.ts';
import { asWritten } from '../perimeter/roles.ts';
import { type ObjectRef, refKey, refOf, refText } from '../snapshot/snapshot.ts';
import type { Places } from './effects.ts';
import { costs, type Hop, type Lever, type Place } from './graph.ts';
import type { Model } from './model.ts';
import { type Need, type Primitive, primitives } from './primitives.ts';

/** A rule that meets a need; `names` undefined: for all objects. */
type Match = { rule: PolicyRule; names: string[] | undefined };

type Scope = { places: Places; model: Model /** Places of roles whose rights were added. */; done: Set<Place> };

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

/** Without one subject; the last one takes the binding with it. */
function unbind(grant: Grant, index: number): Lever {
  const binding = asWritten(grant.binding);
  const subject = grant.subjects[index]!;
  const written = JSON.stringify(binding['subjects'][index]);
  return {
    ...{ type: 'binding', about: subjectId(subject) },
    text:
      grant.subjects.length === 1
        ? `remove ${bindingText(grant)}`
        : `take ${subjectText(subject)} out of ${bindingText(grant)}`,
    edit: {
      target: refOf(binding),
      to(object) {
        const left = (object?.['subjects'] ?? []).filter((each: unknown) => JSON.stringify(each) !== written);
        return object === undefined || left.length === 0 ? undefined : { ...object, subjects: left };
      },
    },
  };
}

/** The id of a subject's place. */
export const subjectId = (subject: Subject): string =>
  subject.kind === 'ServiceAccount'
    ? `sa:${subject.namespace}/${subject.name}`
    : `${subject.kind.toLowerCase()}:${subject.name}`;

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
  for (const [index, rule] of held.rules.entries()) addRule(scope, namespace, held, rule, index);
  const grant: Grant = { ...held, namespace, binding: held.role, subjects: [] };
  for (const primitive of several)
    for (const found of combine(primitive, [grant])) emit(scope, from, primitive, found, { by, lever: undefined });
  return from;
}

/** Each rule has a place, so that what is taken away with it stands on one hop. */
function addRule(scope: Scope, namespace: string, held: HeldRole, rule: PolicyRule, index: number): void {
  const { places } = scope;
  const own: Grant = { ...held, namespace, binding: held.role, subjects: [], rules: [rule] };
  const found = single.flatMap((primitive) => combine(primitive, [own]).map((combined) => ({ primitive, combined })));
  if (found.length === 0) return;
  const by = [refOf(asWritten(held.role))];
  const role = places.role({ namespace, role: held.role });
  const place = places.graph.place(`${role.id}#${index}`, 'between', `rules[${index}] of ${role.text}`);
  const lever = withoutRule(held.role, rule);
  places.graph.hop(role, place, { cost: costs.given, why: describeRule(rule), by, ...(lever ? { lever } : {}) });
  for (const { primitive, combined } of found) emit(scope, place, primitive, combined, { by, lever: undefined });
}

const single = primitives.filter(({ needs }) => needs.length === 1);
const several = primitives.filter(({ needs }) => needs.length > 1);

const isEverything = ({ verbs, apiGroups, resources, resourceNames }: PolicyRule) =>
  verbs.includes('*') && apiGroups?.includes('*') && resources?.includes('*') && !resourceNames?.length;

/** Roles that Kubernetes keeps as they are cannot be mended, and of aggregated ones the rule stands elsewhere. */
function withoutRule(role: KubernetesObject, rule: PolicyRule): Lever | undefined {
  const { metadata, rules, aggregationRule } = role;
  if (aggregationRule || metadata.labels?.['kubernetes.io/bootstrapping']) return undefined;
  const index = (rules ?? []).indexOf(rule);
  const written = asWritten(role);
  return {
    ...{ type: 'rule', about: refKey(refOf(written)) },
    text: `take rules[${index}] ${describeRule(rule)} out of ${refText(refOf(written))}`,
    edit: {
      target: refOf(written),
      to: (object) => object && { ...object, rules: object['rules'].filter((each: PolicyRule) => !isSame(each, rule)) },
    },
  };
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Who belongs to which group by being what it is. Only groups that hold something matter. */
function addMemberships(places: Places, { roles, namespaces, accountsIn, snapshot }: Model): void {
  const { graph } = places;
  const bound = new Set(
    roles.grants.flatMap(({ subjects }) => subjects.flatMap(({ kind, name }) => (kind === 'Group' ? [name] : []))),
  );
  const join = (place: Place, groups: string[]) => {
    for (const name of groups.filter((each) => bound.has(each)))
      graph.hop(place, places.subject({ kind: 'Group', name }), {
        cost: costs.given,
        why: `is in group ${name}`,
        by: [],
      });
  };
  for (const namespace of namespaces)
    for (const name of accountsIn(namespace))
      join(places.account(namespace, name), [...serviceAccountGroups(namespace), authenticatedGroup]);
  for (const { subjects } of roles.grants)
    for (const subject of subjects)
      if (subject.kind === 'User' && subject.name !== anonymous) join(places.subject(subject), [authenticatedGroup]);
  const masters = places.subject({ kind: 'Group', name: mastersGroup });
  const why = 'passes every authorizer';
  graph.hop(masters, places.gain('everything', ''), { cost: costs.given, why, by: [] });
  const internet = graph.place('internet', 'internet', 'the Internet');
  // On our own clusters these are known to end requests without credentials before they are authorized.
  if (modeOf(snapshot, 'anonymous-access') === 'enforce' || modeOf(snapshot, 'api-on-loopback') === 'enforce') return;
  for (const subject of [
    { kind: 'Group', name: unauthenticatedGroup },
    { kind: 'User', name: anonymous },
  ] as const)
    graph.hop(internet, places.subject(subject), {
      ...{ cost: costs.several, why: 'asks the API without credentials, where it is reached from outside', by: [] },
    });
}

const anonymous = 'system:anonymous';

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
    const all = [...grants, ...groupsOf(subject).flatMap((group) => bySubject.get(`group:${group}`)?.grants ?? [])];
    if (all.length < 2) continue;
    for (const primitive of several) {
      const alone = new Set(all.flatMap((grant) => combine(primitive, [grant]).map(({ namespace }) => namespace)));
      if (alone.has('')) continue;
      for (const combined of combine(primitive, all)) {
        const { namespace, from } = combined;
        if (alone.has(namespace)) continue;
        const by = from.map(({ binding }) => refOf(asWritten(binding)));
        const own = grants.find((grant) => from.includes(grant));
        const lever =
          own &&
          unbind(
            own,
            own.subjects.findIndex((each) => subjectId(each) === subjectId(subject)),
          );
        emit(scope, places.subject(subject), primitive, combined, { by, lever });
      }
    }
  }
}

const groupsOf = (subject: Subject): string[] =>
  subject.kind === 'ServiceAccount'
    ? [...serviceAccountGroups(subject.namespace), authenticatedGroup]
    : subject.kind === 'User'
      ? [authenticatedGroup]
      : [];

type Combined = { namespace: string; matches: Match[]; from: Grant[] };

/** Where some grants together meet every need: everywhere (''), or in these namespaces. */
function combine(primitive: Primitive, grants: Grant[]): Combined[] {
  const scoped = primitive.needs.map((need) => scopesOf(primitive, need, grants));
  if (scoped.some(({ size }) => size === 0)) return [];
  const at = (namespace: string) => scoped.map((scopes) => scopes.get('') ?? scopes.get(namespace));
  const found = (namespace: string) => {
    const each = at(namespace);
    if (each.some((entry) => entry === undefined)) return [];
    return [{ namespace, matches: each.map((entry) => entry!.match), from: each.map((entry) => entry!.grant) }];
  };
  const everywhere = found('');
  if (everywhere.length > 0 || primitive.everywhere) return everywhere;
  const namespaces = new Set(scoped.flatMap((scopes) => [...scopes.keys()]));
  return [...namespaces].flatMap(found);
}

type Scoped = Map<string, { grant: Grant; match: Match }>;

function scopesOf({ signer }: Primitive, need: Need, grants: Grant[]): Scoped {
  const found: Scoped = new Map();
  for (const grant of grants) {
    const match = matchOf(grant.rules, need);
    if (match === undefined) continue;
    const { names } = match;
    if (signer !== undefined && need.verbs.includes('approve') && names && !names.some((name) => signer.includes(name)))
      continue;
    const places = need.namesNamespaces && names && grant.namespace === '' ? names : [grant.namespace];
    for (const place of places) {
      const known = found.get(place);
      // A right to all objects outweighs one to some.
      if (known === undefined || (known.match.names !== undefined && names === undefined))
        found.set(place, { grant, match });
    }
  }
  return found;
}

/** The rule that meets a need, for all objects if there is one; else the names that some rules give. */
function matchOf(rules: PolicyRule[], { verbs, resources }: Need): Match | undefined {
  let named: Match | undefined;
  for (const rule of rules) {
    const limited = rule.resourceNames?.length ? rule.resourceNames : undefined;
    for (const right of resources.map(rightOf)) {
      // What is created has no name yet that a rule could allow, but for subresources.
      const effective = limited && !right.resource.includes('/') ? verbs.filter((verb) => verb !== 'create') : verbs;
      if (effective.length === 0 || !ruleGives(rule, { ...right, verbs: effective })) continue;
      if (limited === undefined) return { rule, names: undefined };
      named = { rule: named?.rule ?? rule, names: [...(named?.names ?? []), ...limited] };
      break;
    }
  }
  return named;
}

const rights = new Map<string, Omit<Right, 'verbs'>>();
function rightOf(text: string): Omit<Right, 'verbs'> {
  const known = rights.get(text) ?? splitResourceName(text);
  rights.set(text, known);
  return known;
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
