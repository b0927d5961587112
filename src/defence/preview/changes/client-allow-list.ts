import ipaddr from 'ipaddr.js';
import type { ClientAddress, Observations } from '../../../api/observations/observation.ts';
import { UsageError } from '../../../foundation/usage-error.ts';
import { unseenText } from '../../observations/watched.ts';
import { protectionKind } from '../../protection-mode.ts';
import { type Change, changedRef } from '../../snapshot/snapshot.ts';
import type { Impact } from '../impact.ts';
import { mergeSeen } from '../network/flows.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

const id = 'client-allow-list';
/** The machine itself is let in whatever the list says. */
const always = ['127.0.0.0/8', '::1/128'];

/** A change of the list of addresses that may connect to the API, as an object: the list itself is given at the start. */
export const allowListChange = (cidrs: string[]): Change => ({
  put: {
    apiVersion: 'defence.rempart.io/v1alpha1',
    kind: 'Protection',
    metadata: { name: id },
    spec: { mode: 'enforce', allowFrom: cidrs },
  },
});

/** Addresses of clients that were seen, held against the list that will be. */
export const clientAllowList: Previewer = {
  name: 'client allow-list',
  concerns: (change) => changedRef(change).kind === protectionKind && changedRef(change).name === id,
  impacts: judgeAddresses,
};

function judgeAddresses({ changes, observations }: Scope): Judged {
  const change = changes.find((candidate) => changedRef(candidate).name === id);
  const list = change && 'put' in change ? (change.put['spec']?.allowFrom as string[] | undefined) : undefined;
  if (list === undefined)
    return {
      ...{ impacts: [], judged: {} },
      notAssessed: [`${id}: which addresses are meant is not said: preview them with --allow-from`],
    };
  const allowed = [...always, ...list].map(parseRange);
  const byAddress = Map.groupBy(observations.addresses, ({ address }) => address);
  const impacts = [...byAddress].map(([address, seen]): Impact => {
    const isIn = allowed.some((range) => range(address));
    return {
      outcome: isIn ? 'safe' : 'breaks',
      subject: { type: 'address', text: `${address} (${users(seen)})` },
      why: isIn ? 'in the list' : `in none of ${list.join(', ') || 'no ranges'}: its connections are closed before TLS`,
      by: [`Protection ${id}`],
      seen: seen.map(({ firstMs, lastMs, count }) => ({ firstMs, lastMs, count })).reduce(mergeSeen),
      ...(isIn
        ? {}
        : {
            allowance: {
              text: `--allow-from ${address}/${address.includes(':') ? 128 : 32}`,
              changes: [allowListChange([...list, `${address}/${address.includes(':') ? 128 : 32}`])],
            },
          }),
    };
  });
  return {
    impacts: [...impacts, ...unseen(list, observations)],
    judged: { address: byAddress.size },
    watched: ['addresses'],
  };
}

/** Everybody who may connect now, and was not seen to. Which list counts now is in no object. */
function unseen(list: string[], { windows }: Observations): Impact[] {
  if (['0.0.0.0/0', '::/0'].every((everything) => list.includes(everything))) return [];
  const why = `closed before TLS from then on, whoever else connects; ${unseenText(windows.addresses)}`;
  const subject = { type: 'address' as const, text: 'every address that is not in the list' };
  return [{ outcome: 'unknown', subject, why, by: [`Protection ${id}`] }];
}

const usersShown = 3;
function users(seen: ClientAddress[]): string {
  const names = [...new Set(seen.map(({ user }) => user))];
  return `${names.slice(0, usersShown).join(', ')}${names.length > usersShown ? ` and ${names.length - usersShown} more` : ''}`;
}

function parseRange(cidr: string): (address: string) => boolean {
  let range: ReturnType<typeof ipaddr.parseCIDR>;
  try {
    range = ipaddr.parseCIDR(cidr);
  } catch {
    throw new UsageError(`${cidr}: is not a range of addresses such as 192.0.2.0/24`);
  }
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return parsed.kind() === range[0].kind() && parsed.match(range);
  };
}
