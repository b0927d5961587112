import { authenticatedGroup, mastersGroup, serviceAccountUser, unauthenticatedGroup } from '../../api/rbac/identity.ts';
import type { Subject } from '../../api/rbac/subject.ts';
import { writtenMode } from '../protection-mode.ts';
import type { Places } from './effects.ts';
import { costs, type Place } from './graph.ts';
import type { Model } from './model.ts';

/** Who belongs to which group by being what it is. Only groups that hold something matter. */
export function addMemberships(places: Places, { roles, namespaces, accountsIn, snapshot }: Model): void {
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
      join(places.account(namespace, name), serviceAccountUser(namespace, name).groups);
  for (const { subjects } of roles.grants)
    for (const subject of subjects)
      if (subject.kind === 'User' && subject.name !== anonymous) join(places.subject(subject), [authenticatedGroup]);
  const masters = places.subject({ kind: 'Group', name: mastersGroup });
  const why = 'passes every authorizer';
  graph.hop(masters, places.gain('everything', ''), { cost: costs.given, why, by: [] });
  const internet = graph.place('internet', 'internet', 'the Internet');
  // On our own clusters these are known to end requests without credentials before they are authorized.
  if (writtenMode(snapshot, 'anonymous-access') === 'enforce' || writtenMode(snapshot, 'api-on-loopback') === 'enforce')
    return;
  for (const subject of [
    { kind: 'Group', name: unauthenticatedGroup },
    { kind: 'User', name: anonymous },
  ] as const)
    graph.hop(internet, places.subject(subject), {
      ...{ cost: costs.several, why: 'asks the API without credentials, where it is reached from outside', by: [] },
    });
}

const anonymous = 'system:anonymous';

/** The id of a subject's place. */
export const subjectId = (subject: Subject): string =>
  subject.kind === 'ServiceAccount'
    ? `sa:${subject.namespace}/${subject.name}`
    : `${subject.kind.toLowerCase()}:${subject.name}`;
