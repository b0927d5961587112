import {
  bindingText,
  type Grant,
  type RoleIndex,
  type Subject as RoleSubject,
  roleText,
} from '../../../api/rbac/role-index.ts';
import { describeRule, type PolicyRule, uncovered } from '../../../api/rbac/rules.ts';
import type { UserInfo } from '../../../api/user.ts';
import type { Call } from '../../observations/observation.ts';
import { rolesOf } from '../../perimeter/roles.ts';
import { changedRef, refOf, refText, type Snapshot, withChanges } from '../../snapshot/snapshot.ts';
import { attributesOf, callText, roleAllowance } from '../calls.ts';
import type { Impact } from '../impact.ts';
import { mergeSeen } from '../network/flows.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';
import { unseenText } from '../watched.ts';

const group = 'rbac.authorization.k8s.io';
const kinds = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => `${kind}.${group}`);
const rulesShown = 5;

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
  const concerned = observations.calls.filter((call) => touched.some((subject) => isOf(call, subject)));
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
function touchedSubjects(old: RoleIndex, now: RoleIndex): RoleSubject[] {
  const told = (grant: Grant) => JSON.stringify([refOf(grant.binding), grant.rules, grant.subjects]);
  const [before, after] = [new Set(old.grants.map(told)), new Set(now.grants.map(told))];
  const changed = [
    ...old.grants.filter((grant) => !after.has(told(grant))),
    ...now.grants.filter((grant) => !before.has(told(grant))),
  ];
  const subjects = changed.flatMap((grant) => grant.subjects);
  return [...new Map(subjects.map((subject) => [JSON.stringify(subject), subject])).values()];
}

const userOf = ({ namespace, name }: { namespace: string; name: string }) =>
  `system:serviceaccount:${namespace}:${name}`;

function isOf({ user, groups }: Call, subject: RoleSubject): boolean {
  if (subject.kind === 'Group') return groups.includes(subject.name);
  return user === (subject.kind === 'User' ? subject.name : userOf(subject));
}

function judgeCalls(calls: Call[], old: RoleIndex, now: RoleIndex, after: Snapshot) {
  const merged = new Map<string, Impact>();
  const broken: Call[] = [];
  let byOthers = 0;
  for (const call of calls) {
    const [was, will] = [old.allowed(attributesOf(call)), now.allowed(attributesOf(call))];
    const text = callText(call);
    if (was === undefined && will === undefined) {
      if (call.allowed) byOthers++;
      continue;
    }
    const outcome = will === undefined ? 'breaks' : was === undefined && !call.allowed ? 'opens' : 'safe';
    if (outcome === 'breaks') broken.push(call);
    const { firstMs, lastMs, count } = call;
    const key = `${outcome} ${text}`;
    const known = merged.get(key);
    if (known !== undefined) known.seen = mergeSeen(known.seen!, { firstMs, lastMs, count });
    else
      merged.set(key, {
        outcome,
        subject: { type: 'call', text },
        ...reasonOf(was?.grant, will?.grant),
        seen: { firstMs, lastMs, count },
      });
  }
  for (const call of broken) {
    const impact = merged.get(`breaks ${callText(call)}`)!;
    impact.allowance ??= checkedAllowance(
      broken.filter((other) => other.user === call.user && other.namespace === call.namespace),
      after,
    );
    if (impact.allowance === undefined) delete impact.allowance;
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

/** What the subject may no longer do, or may do from then on, beside the calls that were seen. */
function judgeRights(subject: RoleSubject, scope: Scope, old: RoleIndex, now: RoleIndex, calls: Call[]): Impact[] {
  const user = asUser(subject);
  const namespaces = new Set([...old.all(user), ...now.all(user)].map(({ namespace }) => namespace));
  const text = subjectText(subject);
  const by = scope.changes.map((change) => refText(changedRef(change)));
  return [...namespaces].flatMap((namespace): Impact[] => {
    const rules = (index: RoleIndex) => [...index.in(user, namespace)].flatMap((grant) => grant.rules);
    const where = namespace === '' ? 'everywhere' : `in ${namespace}`;
    const about = { type: 'rights' as const, text: `${text} ${where}` };
    try {
      const used = usedRules(
        calls.filter((call) => call.namespace === namespace || namespace === ''),
        subject,
      );
      const lost = uncovered(rules(old), [...rules(now), ...used]);
      const gained = uncovered(rules(now), rules(old));
      return [
        ...(lost.length > 0
          ? [
              {
                outcome: 'unknown' as const,
                subject: about,
                why: `${text} may no longer ${rulesText(lost)} ${where}; ${unseenText(scope.observations.windows.calls)}${livesText(subject, scope.after)}`,
                by,
              },
            ]
          : []),
        ...(gained.length > 0
          ? [
              {
                outcome: 'opens' as const,
                subject: about,
                why: `${text} may from then on ${rulesText(gained)} ${where}`,
                by,
              },
            ]
          : []),
      ];
    } catch (error) {
      return [
        { outcome: 'unknown', subject: about, why: `its rights cannot be compared: ${(error as Error).message}`, by },
      ];
    }
  });
}

const usedRules = (calls: Call[], subject: RoleSubject): PolicyRule[] =>
  calls
    .filter((call) => isOf(call, subject))
    .map((call) =>
      call.resource === ''
        ? { verbs: [call.verb], nonResourceURLs: [call.path] }
        : {
            verbs: [call.verb],
            apiGroups: [call.group],
            resources: [call.subresource === '' ? call.resource : `${call.resource}/${call.subresource}`],
          },
    );

/** Everybody who is known by name is in system:authenticated, a service account in the groups of its own, too. */
function asUser(subject: RoleSubject): UserInfo {
  if (subject.kind === 'Group') return { username: '', groups: [subject.name] };
  if (subject.kind === 'User') return { username: subject.name, groups: ['system:authenticated'] };
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${subject.namespace}`, 'system:authenticated'];
  return { username: userOf(subject), groups };
}

const subjectText = (subject: RoleSubject): string =>
  subject.kind === 'ServiceAccount'
    ? `ServiceAccount ${subject.namespace}/${subject.name}`
    : `${subject.kind} ${subject.name}`;

function rulesText(rules: PolicyRule[]): string {
  const shown = rules.slice(0, rulesShown).map(describeRule).join(', ');
  return rules.length > rulesShown ? `${shown} and ${rules.length - rulesShown} more` : shown;
}

function livesText(subject: RoleSubject, snapshot: Snapshot): string {
  if (subject.kind !== 'ServiceAccount' || snapshot.whyUnread('Pod') !== undefined) return '';
  const pods = snapshot
    .of('Pod', subject.namespace)
    .filter(({ spec }) => (spec?.serviceAccountName || 'default') === subject.name);
  return pods.length === 0
    ? '; no pod runs as it'
    : `; ${pods.length} pod${pods.length === 1 ? ' runs' : 's run'} as it`;
}
