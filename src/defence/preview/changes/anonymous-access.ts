import type { Observations } from '../../../api/observations/observation.ts';
import { describeRule, type PolicyRule } from '../../../api/rbac/rules.ts';
import { callText } from '../../observations/calls.ts';
import { unseenText } from '../../observations/watched.ts';
import { protectionKind } from '../../protection-mode.ts';
import { rolesOf } from '../../snapshot/roles.ts';
import { type Change, changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import type { Impact } from '../impact.ts';
import { modeIn } from '../modes.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

const anonymous = 'system:anonymous';
/** What answers without credentials whatever the mode: health and version. */
const alwaysOpen = /^\/(?:livez|readyz|healthz|version)(?:\/|$)/;

/** Requests without credentials: those that were seen, held against the mode. */
export const anonymousAccess: Previewer = {
  name: 'anonymous access',
  concerns(change: Change) {
    const { kind, name } = changedRef(change);
    return kind === protectionKind && name === 'anonymous-access';
  },
  impacts: judgeAnonymous,
};

/** What roles give to who has no credentials, and nobody was seen to use. */
function unseen(before: Snapshot, { windows }: Observations, by: string[]): Impact[] {
  const { index, notAssessed } = rolesOf(before);
  const held = index.all({ username: anonymous, groups: ['system:unauthenticated'] }).flatMap(({ rules }) => rules);
  const isOpen = ({ nonResourceURLs: paths }: PolicyRule) => paths?.every((path) => alwaysOpen.test(path)) === true;
  const lost = held.filter((rule) => !isOpen(rule));
  if (lost.length === 0 && notAssessed.length === 0) return [];
  const what = lost.length > 0 ? `roles let them ${lost.map(describeRule).join(', ')}` : notAssessed[0];
  const why = `refused from then on; ${what}; beside the calls that are told, ${unseenText(windows.calls)}`;
  return [{ outcome: 'unknown', subject: { type: 'rights', text: 'requests without credentials' }, why, by }];
}

function judgeAnonymous({ before, after, observations }: Scope): Judged {
  const [was, will] = [modeIn(before, 'anonymous-access'), modeIn(after, 'anonymous-access')];
  const by = ['Protection anonymous-access'];
  const calls = observations.calls.filter(({ user }) => user === anonymous);
  const impacts = calls.flatMap((call): Impact[] => {
    const { firstMs, lastMs, count } = call;
    const subject = { type: 'call' as const, text: callText(call) };
    const seen = { firstMs, lastMs, count };
    if (alwaysOpen.test(call.path))
      return [{ outcome: 'safe', subject, why: 'health and version always answer', by: [], seen }];
    if (will === 'off')
      return call.allowed ? [{ outcome: 'safe', subject, why: 'roles decide as they do now', by, seen }] : [];
    return call.allowed
      ? [{ outcome: 'breaks', subject, why: 'a request without credentials is refused', by, seen }]
      : [];
  });
  const opens: Impact = {
    outcome: 'opens',
    subject: { type: 'rights', text: 'requests without credentials' },
    why: 'roles bound to system:anonymous or system:unauthenticated count from then on',
    by,
  };
  return {
    impacts: [
      ...impacts,
      ...(was !== 'off' && will === 'off' ? [opens] : []),
      ...(was === 'off' && will !== 'off' ? unseen(before, observations, by) : []),
    ],
    judged: { call: calls.length },
    watched: ['calls'],
  };
}
