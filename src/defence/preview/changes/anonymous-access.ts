import { callText } from '../../observations/calls.ts';
import { protectionKind } from '../../protection-mode.ts';
import { type Change, changedRef } from '../../snapshot/snapshot.ts';
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
    impacts: [...impacts, ...(was !== 'off' && will === 'off' ? [opens] : [])],
    judged: { call: calls.length },
    watched: ['calls'],
  };
}
