import type { Transport } from '../../src/client/transport.ts';
import type { Clock } from '../../src/foundation/clock.ts';
import type { Random } from '../random.ts';

/** How much goes wrong, each as a share of all requests; `on` false: nothing does. */
export type Faults = { on: boolean; random: Random; lostRequests: number; lostAnswers: number; slow: number };

const slowMsMax = 2000;
const streamMsMax = 30_000;

/** A connection on which requests or their answers get lost, take their time, and streams break. */
export function faultyTransport(inner: Transport, faults: Faults, clock: Clock): Transport {
  const { random } = faults;
  const happens = (share: number) => faults.on && random() < share;
  const lost = () => new Error('the connection broke');
  const pause = () => new Promise<void>((resolve) => clock.after(random() * slowMsMax, resolve));
  return {
    async send(request) {
      if (happens(faults.slow)) await pause();
      if (happens(faults.lostRequests)) throw lost();
      const answer = await inner.send(request);
      if (happens(faults.slow)) await pause();
      if (happens(faults.lostAnswers)) throw lost();
      return answer;
    },
    async stream(request, onEvent, signal) {
      if (happens(faults.lostRequests)) throw lost();
      const broken = new AbortController();
      const cancel = faults.on ? clock.after(random() * streamMsMax, () => broken.abort()) : () => {};
      try {
        await inner.stream(request, onEvent, AbortSignal.any([signal, broken.signal]));
      } finally {
        cancel();
      }
      if (broken.signal.aborted && !signal.aborted) throw lost();
    },
    close: inner.close,
  };
}
