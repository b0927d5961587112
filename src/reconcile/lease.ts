import type { KubernetesObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import { type Clock, formatMicroTime } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';

export type LeadershipOptions = {
  client: Client;
  lease: { namespace: string; name: string };
  /** Differs between candidates: `host_random`. */
  identity: string;
  clock: Clock;
  log: Log;
  durationMs?: number;
};

/**
 * Calls `lead` whenever this candidate holds the lease and aborts its signal when it may have lost it. Who holds it is
 * judged by our own clock: a lease counts as expired when its record has not changed for its duration while we
 * watched, so that the clocks of two machines need not agree. Returns what ends the candidacy and gives the lease up.
 */
export function seekLeadership(options: LeadershipOptions, lead: (signal: AbortSignal) => void): () => Promise<void> {
  const { client, lease, identity, clock, log, durationMs = 15_000 } = options;
  let seen = { record: '', atMs: clock.monotonicMs() };
  let leading: AbortController | undefined;
  let renewedAtMs = 0;
  let stopped = false;
  let cancel = () => {};

  async function acquire(): Promise<boolean> {
    const current = await client.get('leases.coordination.k8s.io', lease).catch(ifNotFound);
    const nowMs = clock.monotonicMs();
    if (current === undefined) {
      const spec = specOf(0, formatMicroTime(clock.now()));
      await client.create('leases.coordination.k8s.io', {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { ...lease },
        spec,
      });
      return true;
    }
    const record = JSON.stringify(current['spec']);
    if (record !== seen.record) seen = { record, atMs: nowMs };
    const { holderIdentity, leaseTransitions = 0, acquireTime } = current['spec'] ?? {};
    const mine = holderIdentity === identity;
    if (!mine && holderIdentity && nowMs - seen.atMs < durationMs) return false;
    const spec = mine
      ? specOf(leaseTransitions, acquireTime)
      : specOf(leaseTransitions + 1, formatMicroTime(clock.now()));
    await client.update('leases.coordination.k8s.io', { ...current, spec });
    return true;
  }

  const specOf = (leaseTransitions: number, acquireTime: string) => ({
    holderIdentity: identity,
    leaseDurationSeconds: durationMs / 1000,
    acquireTime,
    renewTime: formatMicroTime(clock.now()),
    leaseTransitions,
  });

  async function turn(): Promise<void> {
    const startedMs = clock.monotonicMs();
    try {
      const held = await acquire();
      if (stopped) return;
      if (held) renewedAtMs = startedMs;
      if (held && leading === undefined) {
        leading = new AbortController();
        log.info('leading', { lease: lease.name, identity });
        lead(leading.signal);
      } else if (!held) resign();
    } catch (error) {
      log.warn('the lease was not renewed', { lease: lease.name, error });
      if (clock.monotonicMs() - renewedAtMs > durationMs * (2 / 3)) resign();
    }
    if (!stopped) cancel = clock.after(leading ? durationMs / 3 : durationMs / 5, () => void turn());
  }

  function resign(): void {
    leading?.abort();
    leading = undefined;
  }

  async function stop(): Promise<void> {
    const held = leading !== undefined;
    stopped = true;
    cancel();
    resign();
    if (!held) return;
    const current = await client.get('leases.coordination.k8s.io', lease).catch(ifNotFound);
    if (current?.['spec']?.holderIdentity !== identity) return;
    const spec = { ...current['spec'], holderIdentity: '', leaseDurationSeconds: 1 };
    await client.update('leases.coordination.k8s.io', { ...current, spec });
  }

  void turn();
  return stop;
}

function ifNotFound(error: unknown): KubernetesObject | undefined {
  if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
  throw error;
}
