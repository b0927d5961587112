import type { KubernetesObject } from '../../api/object.ts';
import { within } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { createAllowance } from '../allowance.ts';
import type { Judged } from './explain.ts';
import type { KernelReader, Sighting } from './kernel.ts';
import { createNaming, type NamingOptions } from './naming.ts';
import { createOutbox, type FlowReport, type Outbox } from './outbox.ts';
import { elementSeconds } from './recording.ts';

export type ObserverOptions = NamingOptions & {
  kernel: KernelReader;
  /** What is in force now; undefined before anything is. */
  judged(): Judged | undefined;
  /** Rejects when the report was not taken: it is repeated with the next. */
  report(report: FlowReport): Promise<void>;
  log: Log;
};

export type Observer = {
  /** `resumes`: the kernel's table was there before this process. */
  start(resumes: boolean): Promise<void>;
  /** A pod of this node has this address from now on, before the API knows. */
  assigned(pod: KubernetesObject, ip: string): void;
  /** Reads once more, reports and ends. */
  stop(): Promise<void>;
};

const pollMs = 10_000;
/**
 * A pod that has just come connects to what nobody was seen to connect to: the kernel is read so soon, and then ever less
 * often, each time after half of the time since it came.
 */
const newPodPollMs = 2000;
/** What was never seen before, let through or dropped, is reported with the poll that finds it, all else this often. */
const reportMs = 30_000;
/** What an API that is away may hold up the end of the process. */
const stopMs = 2000;
/**
 * Drops that are looked into in ten seconds, at some milliseconds each: a pod that scans ports makes thousands, again
 * and again, and must not hold up what else this process does. The others are told without what would let them pass.
 */
export const explainedMax = 100;
/** Tells, poll by poll, what the kernel recorded, with the names that the addresses had then. */
export function createObserver(options: ObserverOptions): Observer {
  const { kernel, clock, log } = options;
  const naming = createNaming(options);
  const mayExplain = createAllowance(clock, explainedMax, pollMs);
  let unfollow = () => {};
  let cancel = () => {};
  /** When the next poll is due, and when the newest pod came, by the monotonic clock. */
  let dueMs = 0;
  let newestMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> = Promise.resolve();
  /** While it runs. */
  let outbox: Outbox | undefined;

  /** Resolves to whether it is news: never seen before; undefined when nothing can be read or told yet. */
  async function read(nowMs: number): Promise<boolean | undefined> {
    const poll = await kernel.poll(nowMs);
    const judged = options.judged();
    if (poll === undefined || judged === undefined || outbox === undefined) return undefined;
    const name = naming.namer();
    const flows = poll.sightings.map((sighting) =>
      name(sighting, isJudged(sighting) && !mayExplain() ? undefined : judged),
    );
    outbox.add(flows, poll.lost);
    return poll.sightings.some(({ isFirst }) => isFirst);
  }

  async function poll(last: boolean): Promise<void> {
    const nowMs = clock.now();
    const isNews = await read(nowMs);
    if (isNews === undefined || outbox === undefined) return;
    if (last || isNews || nowMs - outbox.reportedMs() >= reportMs) await outbox.tell(nowMs);
  }

  const inTurn = (step: () => Promise<unknown>): Promise<void> => {
    running = running
      .then(step)
      .then(() => {})
      .catch((error) => log.warn('what the kernel recorded cannot be read', { error }));
    return running;
  };
  function later(): void {
    const nowMs = clock.monotonicMs();
    const pauseMs = Math.min(Math.max((nowMs - newestMs) / 2, newPodPollMs), pollMs);
    dueMs = nowMs + pauseMs;
    cancel = clock.after(pauseMs, () => void inTurn(() => poll(false)).then(() => outbox && later()));
  }

  /** Brings the next poll forward, unless it comes as soon or is under way. */
  function expectNews(): void {
    const nowMs = clock.monotonicMs();
    newestMs = nowMs;
    if (outbox === undefined || dueMs <= nowMs + newPodPollMs) return;
    cancel();
    later();
  }

  return {
    async start(resumes) {
      const nowMs = clock.now();
      const fromMs = resumes ? nowMs - elementSeconds * 1000 : nowMs;
      const opened = createOutbox({ fromMs, resumes }, options.report, log);
      outbox = opened;
      unfollow = naming.follow();
      if (resumes) {
        kernel.adopt();
        await inTurn(() => read(nowMs));
        void inTurn(() => opened.tell(nowMs));
      }
      later();
    },
    assigned(pod, ip) {
      naming.assigned(pod, ip);
      expectNews();
    },
    async stop() {
      await within(
        inTurn(() => poll(true)),
        stopMs,
        clock,
      );
      outbox = undefined;
      unfollow();
      cancel();
    },
  };
}

const isJudged = ({ outcome }: Sighting) => outcome === 'ingress' || outcome === 'egress';
