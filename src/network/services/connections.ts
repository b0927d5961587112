import type { RunCommand } from '../command.ts';
import { forgetConnections } from '../conntrack.ts';
import type { Frontend } from './frontends.ts';

const keyOf = ({ address, protocol, port }: Frontend) => `${address ?? ''} ${protocol} ${port}`;

/**
 * UDP has no end: a client that keeps its port keeps its old backend, or the absence of one, for as long as it sends.
 * Forgets the flows to backends that are gone, and those that went nowhere before there were any. Returns the
 * filters for `forgetConnections`, one per call.
 */
export function staleDatagrams(before: Frontend[], after: Frontend[]): string[][] {
  const old = new Map(
    before.filter(({ protocol }) => protocol === 'udp').map((frontend) => [keyOf(frontend), frontend]),
  );
  const calls: string[][] = [];
  for (const frontend of after) {
    if (frontend.protocol !== 'udp' || old.has(keyOf(frontend))) continue;
    if (frontend.backends.length > 0) calls.push(deletion(frontend));
  }
  const now = new Map(after.map((frontend) => [keyOf(frontend), frontend]));
  for (const [key, frontend] of old) {
    const left = new Set((now.get(key)?.backends ?? []).map(({ ip }) => ip));
    if (frontend.backends.length === 0 && left.size > 0) calls.push(deletion(frontend));
    const gone = new Set(frontend.backends.map(({ ip }) => ip).filter((ip) => !left.has(ip)));
    for (const ip of gone) calls.push([...deletion(frontend), '--reply-src', ip]);
  }
  return calls;
}

const deletion = ({ address, port }: Frontend): string[] => [
  ...['--proto', 'udp'],
  ...(address === undefined ? [] : ['--orig-dst', address]),
  ...['--orig-port-dst', String(port)],
];

export async function forgetDatagrams(run: RunCommand, before: Frontend[], after: Frontend[]): Promise<void> {
  for (const filter of staleDatagrams(before, after)) await forgetConnections(run, filter);
}
