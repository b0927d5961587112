import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Action } from './decision.ts';
import type { PodMemory } from './memory.ts';

export type AttemptOptions = {
  memory: Pick<PodMemory, 'pod' | 'busy' | 'failures' | 'retryAtMs'>;
  operate(action: Action): Promise<void>;
  /** Called when an attempt is over, however it went. */
  over(): void;
  clock: Clock;
  log: Log;
};

/**
 * Tries what was decided, and remembers how that goes: what is under way, how often it failed, when it may be tried again.
 * What is returned never rejects.
 */
export function createAttempts({
  memory,
  operate,
  over,
  clock,
  log,
}: AttemptOptions): (action: Action) => Promise<void> {
  return async (action) => {
    const { key } = action;
    memory.busy.add(key);
    try {
      await operate(action);
      memory.failures.delete(key);
      memory.retryAtMs.delete(key);
    } catch (error) {
      const failures = (memory.failures.get(key) ?? 0) + 1;
      memory.failures.set(key, failures);
      memory.retryAtMs.set(key, clock.now() + retryDelayMs(action, failures));
      log.warn('an operation on a pod failed', { operation: key, pod: memory.pod.metadata.name, error });
    }
    memory.busy.delete(key);
    over();
  };
}

/** Images are retried after 10 s … 5 min, as the kubelet does; everything else sooner. */
function retryDelayMs(action: Action, failures: number): number {
  const doubled = 2 ** Math.min(failures - 1, 10);
  return action.do === 'start' ? Math.min(10_000 * doubled, 300_000) : Math.min(500 * doubled, 30_000);
}
