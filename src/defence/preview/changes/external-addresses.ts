import { refOf } from '../../object-ref.ts';
import { protectionKind } from '../../protection-mode.ts';
import { changedRef } from '../../snapshot/snapshot.ts';
import type { Impact } from '../impact.ts';
import { modeIn } from '../modes.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

const id = 'service-external-ips';

/** Services that claim addresses outside of the cluster: those that have some keep them, and may not claim others. */
export const externalAddresses: Previewer = {
  name: 'external addresses',
  concerns: (change) => changedRef(change).kind === protectionKind && changedRef(change).name === id,
  impacts: judgeAddresses,
};

/** `observe` lets everything pass and tells it. */
const isOpen = (mode: string): boolean => mode === 'off' || mode === 'observe';

function judgeAddresses({ before, after }: Scope): Judged {
  const [was, will] = [modeIn(before, id), modeIn(after, id)];
  const by = [`Protection ${id}`];
  const claiming = after.of('Service').filter(({ spec }) => (spec?.externalIPs ?? []).length > 0);
  if (isOpen(was) === isOpen(will)) return { impacts: [], judged: {} };
  if (isOpen(will)) {
    const why = 'any Service may claim any address from then on, and take its traffic';
    return { impacts: [{ outcome: 'opens', subject: { type: 'rights', text: 'Services' }, why, by }], judged: {} };
  }
  const impacts = claiming.map((service): Impact => {
    const why = `it keeps ${service['spec'].externalIPs.join(', ')}; made again, or given others, it is refused`;
    return { outcome: 'breaks', subject: { type: 'object', ref: refOf(service) }, why, by };
  });
  return { impacts, judged: { object: claiming.length } };
}
