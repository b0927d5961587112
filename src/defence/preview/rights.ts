import type { Call } from '../../api/observations/observation.ts';
import type { RoleIndex } from '../../api/rbac/role-index.ts';
import { describeRule, type PolicyRule, uncovered } from '../../api/rbac/rules.ts';
import { describeSubject, isSubject, type Subject, subjectUser } from '../../api/rbac/subject.ts';
import { refText } from '../object-ref.ts';
import { isOfMany } from '../observations/calls.ts';
import { unseenText } from '../observations/watched.ts';
import { changedRef, type Snapshot } from '../snapshot/snapshot.ts';
import type { Impact, Outcome } from './impact.ts';
import type { Scope } from './scope.ts';

const rulesShown = 5;

/** What the subject may no longer do, or may do from then on, beside the calls that were seen. */
export function judgeRights(subject: Subject, scope: Scope, old: RoleIndex, now: RoleIndex, calls: Call[]): Impact[] {
  const user = subjectUser(subject);
  const namespaces = new Set([...old.all(user), ...now.all(user)].map(({ namespace }) => namespace));
  const text = describeSubject(subject);
  const by = scope.changes.map((change) => refText(changedRef(change)));
  return [...namespaces].flatMap((namespace): Impact[] => {
    const rules = (index: RoleIndex) => [...index.in(user, namespace)].flatMap((grant) => grant.rules);
    const where = namespace === '' ? 'everywhere' : `in ${namespace}`;
    const tell = (outcome: Outcome, why: string): Impact => ({
      outcome,
      subject: { type: 'rights', text: `${text} ${where}` },
      why,
      by,
    });
    try {
      const used = usedRules(
        calls.filter((call) => call.namespace === namespace),
        subject,
      );
      const lost = uncovered(rules(old), [...rules(now), ...used]);
      const gained = uncovered(rules(now), rules(old));
      const isSeen = calls.some((call) => call.allowed && comesFrom(call, subject));
      const beside = isSeen ? 'beside the calls that are told, ' : '';
      const unseen = `${beside}${unseenText(scope.observations.windows.calls)}${livesText(subject, scope.after)}`;
      return [
        ...(lost.length > 0 ? [tell('unknown', `${text} may no longer ${rulesText(lost)} ${where}; ${unseen}`)] : []),
        ...(gained.length > 0 ? [tell('opens', `${text} may from then on ${rulesText(gained)} ${where}`)] : []),
      ];
    } catch (error) {
      return [tell('unknown', `its rights cannot be compared: ${(error as Error).message}`)];
    }
  });
}

/** What becomes of calls of which it is not known which paths they were for. */
export function judgeManyPaths(call: Call, old: RoleIndex, now: RoleIndex): Pick<Impact, 'outcome' | 'why' | 'by'> {
  const user = { username: call.user, groups: call.groups };
  const rules = (index: RoleIndex) =>
    index.all(user).flatMap((grant) => grant.rules.filter(({ nonResourceURLs }) => nonResourceURLs !== undefined));
  const lost = uncovered(rules(old), rules(now));
  if (lost.length === 0) return { outcome: 'safe', why: 'the paths that it may ask for stay the same', by: [] };
  const why = `it asked for more paths than are kept one by one, and may no longer ${rulesText(lost)}`;
  return { outcome: 'unknown', why, by: [] };
}

/** What the calls show to be used, and no more: of one object not the others, in one namespace not everywhere. */
const usedRules = (calls: Call[], subject: Subject): PolicyRule[] =>
  calls
    .filter((call) => comesFrom(call, subject) && !isOfMany(call))
    .map(({ verb, group, resource, subresource, name, path }) =>
      resource === ''
        ? { verbs: [verb], nonResourceURLs: [path] }
        : {
            ...{ verbs: [verb], apiGroups: [group] },
            resources: [subresource === '' ? resource : `${resource}/${subresource}`],
            ...(name === '' ? {} : { resourceNames: [name] }),
          },
    );

function rulesText(rules: PolicyRule[]): string {
  const shown = rules.slice(0, rulesShown).map(describeRule).join(', ');
  return rules.length > rulesShown ? `${shown} and ${rules.length - rulesShown} more` : shown;
}

function livesText(subject: Subject, snapshot: Snapshot): string {
  if (subject.kind !== 'ServiceAccount' || snapshot.whyUnread('Pod') !== undefined) return '';
  const pods = snapshot
    .of('Pod', subject.namespace)
    .filter(({ spec }) => (spec?.serviceAccountName || 'default') === subject.name);
  return pods.length === 0
    ? '; no pod runs as it'
    : `; ${pods.length} pod${pods.length === 1 ? ' runs' : 's run'} as it`;
}

/** Does the call come from this subject of a binding? */
export const comesFrom = ({ user, groups }: Call, subject: Subject): boolean =>
  isSubject({ username: user, groups }, subject);
