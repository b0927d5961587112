import { serviceAccountName } from '../../../api/rbac/identity.ts';
import { refText } from '../../object-ref.ts';
import { callText } from '../../observations/calls.ts';
import { unseenText } from '../../observations/watched.ts';
import { rolesOf } from '../../snapshot/roles.ts';
import { changedRef } from '../../snapshot/snapshot.ts';
import type { Impact } from '../impact.ts';
import { mergeSeen } from '../network/flows.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

const kind = 'ServiceAccount';

/** ServiceAccounts that go, also with their namespace: from then on their tokens are refused, wherever they are held. */
export const serviceAccount: Previewer = {
  name: 'removed ServiceAccounts',
  concerns: (change) => 'remove' in change && [kind, 'Namespace'].includes(changedRef(change).kind),
  impacts: judgeAccounts,
};

function judgeAccounts({ before, after, observations }: Scope): Judged {
  const gone = before.of(kind).filter(({ metadata }) => {
    const { name, namespace = '' } = metadata;
    return after.get({ kind, namespace, name }) === undefined;
  });
  const { index, notAssessed } = rolesOf(before);
  const impacts = gone.flatMap(({ metadata }): Impact[] => {
    const { name, namespace = '' } = metadata;
    const username = serviceAccountName(namespace, name);
    const ref = { kind, namespace, name };
    const by = [refText(ref)];
    const calls = observations.calls.filter(({ user, allowed }) => user === username && allowed);
    const broken = Map.groupBy(calls, callText);
    const told = [...broken].map(
      ([text, same]): Impact => ({
        outcome: 'breaks',
        subject: { type: 'call', text },
        why: 'its account is removed: its tokens are refused',
        by,
        seen: same.map(({ firstMs, lastMs, count }) => ({ firstMs, lastMs, count })).reduce(mergeSeen),
      }),
    );
    const holds = notAssessed.length > 0 || index.all({ username, groups: [] }).length > 0;
    if (told.length > 0 || !holds) return told;
    const why = `its tokens are refused from then on, and roles are bound to it; ${unseenText(observations.windows.calls)}`;
    return [{ outcome: 'unknown', subject: { type: 'object', ref }, why, by }];
  });
  return { impacts, judged: { object: gone.length }, watched: gone.length > 0 ? ['calls'] : [] };
}
