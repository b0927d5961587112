import type { Connection } from './connection.ts';

/** How often a process that lives is asked whether it answers, and how often it may fail to in a row: two minutes. */
const askEveryMsDefault = 10_000;
const failuresMax = 12;
const answerMsMax = 5000;

export type Pulse = {
  /** Asks when it is time to; true when the last answers all failed to come. */
  isLost(): boolean;
  /** It was started again: what it failed to answer before does not count. */
  forget(): void;
};

/**
 * Tells a containerd that hangs from one that works. Failures are counted, not time: a machine that slept has heard
 * nothing for hours, and that is nobody's fault.
 */
export function createPulse({ call }: Connection, askEveryMs = askEveryMsDefault): Pulse {
  let failures = 0;
  let asking = false;
  let nextMs = performance.now() + askEveryMs;

  async function ask(): Promise<void> {
    asking = true;
    try {
      await call('Version', {}, Math.min(answerMsMax, askEveryMs));
      failures = 0;
    } catch {
      failures++;
    } finally {
      asking = false;
      nextMs = performance.now() + askEveryMs;
    }
  }

  return {
    isLost() {
      if (!asking && performance.now() >= nextMs) void ask();
      return failures >= failuresMax;
    },
    forget() {
      failures = 0;
      nextMs = performance.now() + askEveryMs;
    },
  };
}
