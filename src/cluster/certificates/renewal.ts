import type { Clock } from '../../foundation/clock.ts';
import type { Credential } from './authority.ts';

export type Renewal = { current(): Credential; stop(): void };

export type RenewalOptions = {
  clock: Clock;
  /** What is kept from before, if anything. */
  load(): Credential | undefined;
  issue(): Credential;
  /** Called with every new credential: keep it, hand it to `setSecureContext`. */
  use(credential: Credential): void;
  /** A renewal that failed; it is tried again after `checkEveryMs`. */
  failed(error: unknown): void;
};

/**
 * The wall clock may jump while a timer measures real time: so look this often, instead of once when renewal is due.
 */
const checkEveryMs = 10 * 60 * 1000;

/** Keeps a credential fresh while the process runs: renewed when two thirds of its lifetime are over. */
export function keepRenewed({ clock, load, issue, use, failed }: RenewalOptions): Renewal {
  const kept = load();
  let credential = kept === undefined || renewalDue(kept, clock.now()) ? issue() : kept;
  use(credential);
  let cancel = () => {};
  const check = () => {
    try {
      if (renewalDue(credential, clock.now())) {
        credential = issue();
        use(credential);
      }
    } catch (error) {
      failed(error);
    }
    cancel = clock.after(nextCheckMs(credential, clock.now()), check);
  };
  cancel = clock.after(nextCheckMs(credential, clock.now()), check);
  return { current: () => credential, stop: () => cancel() };
}

const dueMs = ({ notBeforeMs, notAfterMs }: Credential): number => notBeforeMs + ((notAfterMs - notBeforeMs) * 2) / 3;

/** Also before it is valid: the clock was ahead when it was issued. */
function renewalDue(credential: Credential, nowMs: number): boolean {
  return nowMs >= dueMs(credential) || nowMs < credential.notBeforeMs;
}

function nextCheckMs(credential: Credential, nowMs: number): number {
  return Math.min(checkEveryMs, Math.max(1000, dueMs(credential) - nowMs));
}
