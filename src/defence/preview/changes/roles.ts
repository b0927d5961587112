import type { Call } from '../../../api/observations/observation.ts';
import { bindingText, type Grant, type RoleIndex, roleText } from '../../../api/rbac/role-index.ts';
import type { Subject } from '../../../api/rbac/subject.ts';
import { refOf, refText } from '../../object-ref.ts';
import { attributesOf, callText, isOfMany, isOfManyPaths } from '../../observations/calls.ts';
import { rolesOf } from '../../snapshot/roles.ts';
import { changedRef, type Snapshot, withChanges } from '../../snapshot/snapshot.ts';
import type { Impact } from '../impact.ts';
import { mergeSeen } from '../network/flows.ts';
import { comesFrom, judgeManyPaths, judgeRights } from '../rights.ts';
import { roleAllowance } from '../role-allowance.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

const group = 'rbac.authorization.k8s.io';
const kinds = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => `${kind}.${group}`);
/** Users and namespaces for which a role is worked out and tried. */
const allowancesMax = 100;

/** Who may do what: calls that were seen, and rights that nobody was seen to use. */
export const roles: Previewer = {
  name: 'roles',
  concerns: (change) => kinds.includes(changedRef(change).kind),
  impacts: judgeRoles,
};

function judgeRoles(scope: Scope): Judged {
  const { before, after, observations } = scope;
  const { index: old, notAssessed: unread } = rolesOf(before);
  const { index: now } = rolesOf(after);
  const touched = touchedSubjects(old, now);
  const concerned = observations.calls.filter((call) => touched.some((subject) => comesFrom(call, subject)));
  // Where clusters are open by default, this group may do everything whatever roles say.
  const isBeyondRoles = ({ groups }: Call) => !before.closedByDefault && groups.includes('system:masters');
  const calls = judgeCalls(
    concerned.filter((call) => !isBeyondRoles(call)),
    old,
    now,
    after,
  );
  const rights = touched.flatMap((subject) => judgeRights(subject, scope, old, now, concerned));
  const impacts = unread.length === 0 ? calls.impacts : calls.impacts.map((impact) => doubted(impact, unread[0]!));
  const byOthers =
    calls.byOthers === 0
      ? []
      : [
          `${calls.byOthers} kinds of calls are allowed by something other than roles (nodes, or an authorizer of its own)`,
        ];
  return {
    impacts: [...impacts, ...rights],
    judged: { call: concerned.length, rights: touched.length },
    watched: ['calls'],
    notAssessed: [...unread, ...byOthers],
  };
}

const doubted = (impact: Impact, unread: string): Impact =>
  impact.outcome === 'safe'
    ? { ...impact, outcome: 'unknown', why: `not all roles could be read (${unread})` }
    : impact;

/** The subjects of every binding that gives something else afterwards. */
function touchedSubjects(old: RoleIndex, now: RoleIndex): Subject[] {
  const told = (grant: Grant) => JSON.stringify([refOf(grant.binding), grant.rules, grant.subjects]);
  const [before, after] = [new Set(old.grants.map(told)), new Set(now.grants.map(told))];
  const changed = [
    ...old.grants.filter((grant) => !after.has(told(grant))),
    ...now.grants.filter((grant) => !before.has(told(grant))),
  ];
  const subjects = changed.flatMap((grant) => grant.subjects);
  return [...new Map(subjects.map((subject) => [JSON.stringify(subject), subject])).values()];
}

function judgeCalls(calls: Call[], old: RoleIndex, now: RoleIndex, after: Snapshot) {
  const merged = new Map<string, Impact>();
  const broken: Call[] = [];
  let byOthers = 0;
  for (const call of calls) {
    const text = callText(call);
    const { firstMs, lastMs, count } = call;
    const seen = { firstMs, lastMs, count };
    if (isOfManyPaths(call)) {
      if (call.allowed)
        merged.set(`many ${text}`, { subject: { type: 'call', text }, ...judgeManyPaths(call, old, now), seen });
      continue;
    }
    const [was, will] = [old.allowed(attributesOf(call)), now.allowed(attributesOf(call))];
    if (was === undefined && will === undefined) {
      // Of so many names it may be roles that name each of them: what such a role loses is told of its rights.
      if (call.allowed && !isOfMany(call)) byOthers++;
      continue;
    }
    const outcome = will === undefined ? 'breaks' : was === undefined && !call.allowed ? 'opens' : 'safe';
    if (outcome === 'breaks') broken.push(call);
    const key = `${outcome} ${text}`;
    const known = merged.get(key);
    if (known !== undefined) known.seen = mergeSeen(known.seen!, seen);
    else
      merged.set(key, {
        outcome,
        subject: { type: 'call', text },
        ...reasonOf(was?.grant, will?.grant),
        seen,
      });
  }
  const places = Map.groupBy(broken, ({ user, namespace }) => JSON.stringify([user, namespace]));
  for (const same of [...places.values()].slice(0, allowancesMax)) {
    const allowance = checkedAllowance(same, after);
    if (allowance !== undefined) for (const call of same) merged.get(`breaks ${callText(call)}`)!.allowance = allowance;
  }
  return { impacts: [...merged.values()], byOthers };
}

function reasonOf(was: Grant | undefined, will: Grant | undefined): { why: string; by: string[] } {
  const grant = will ?? was!;
  const by = [refText(refOf(grant.binding)), refText(refOf(grant.role))];
  const text = `${bindingText(grant)} of ${roleText(grant)}`;
  return { why: will === undefined ? `allowed now by ${text}, and by nothing afterwards` : `allowed by ${text}`, by };
}

/** A role for exactly these calls, once it is seen to allow them. */
function checkedAllowance(calls: Call[], after: Snapshot) {
  const allowance = roleAllowance(calls);
  if (allowance === undefined) return undefined;
  const { index } = rolesOf(withChanges(after, allowance.changes));
  return calls.every((call) => index.allowed(attributesOf(call)) !== undefined) ? allowance : undefined;
}
