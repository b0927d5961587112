import type { KubernetesObject } from '../../api/object.ts';
import { within } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
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
/** Drops are reported with the poll that finds them, everything else this often. */
const reportMs = 30_000;
/** What an API that is away may hold up the end of the process. */
const stopMs = 2000;
/**
 * Drops of one poll that are looked into, at some milliseconds each: a pod that scans ports makes thousands, again and
 * again, and must not hold up what else this process does. The others are told without what would let them pass.
 */
export const explainedMax = 100;
/** Tells, poll by poll, what the kernel recorded, with the names that the addresses had then. */
export function createObserver(options: ObserverOptions): Observer {
  const { kernel, clock, log } = options;
  const naming = createNaming(options);
  let stops: (() => void)[] = [];
  let running: Promise<void> = Promise.resolve();
  /** While it runs. */
  let outbox: Outbox | undefined;

  /** Resolves to whether something was dropped; undefined when nothing can be read or told yet. */
  async function read(nowMs: number): Promise<boolean | undefined> {
    const poll = await kernel.poll(nowMs);
    const judged = options.judged();
    if (poll === undefined || judged === undefined || outbox === undefined) return undefined;
    const name = naming.namer();
    let toExplain = explainedMax;
    const flows = poll.sightings.map((sighting) =>
      name(sighting, isJudged(sighting) && toExplain-- <= 0 ? undefined : judged),
    );
    outbox.add(flows, poll.lost);
    return flows.some(({ allowed }) => !allowed);
  }

  async function poll(last: boolean): Promise<void> {
    const nowMs = clock.now();
    const dropped = await read(nowMs);
    if (dropped === undefined || outbox === undefined) return;
    if (last || dropped || nowMs - outbox.reportedMs() >= reportMs) await outbox.tell(nowMs);
  }

  const inTurn = (step: () => Promise<unknown>): Promise<void> => {
    running = running
      .then(step)
      .then(() => {})
      .catch((error) => log.warn('what the kernel recorded cannot be read', { error }));
    return running;
  };
  function later(): void {
    const cancel = clock.after(pollMs, () => {
      stops = stops.filter((stop) => stop !== cancel);
      void inTurn(() => poll(false)).then(() => outbox && later());
    });
    stops.push(cancel);
  }

  return {
    async start(resumes) {
      const nowMs = clock.now();
      const fromMs = resumes ? nowMs - elementSeconds * 1000 : nowMs;
      const opened = createOutbox({ fromMs, resumes }, options.report, log);
      outbox = opened;
      stops.push(naming.follow());
      if (resumes) {
        kernel.adopt();
        await inTurn(() => read(nowMs));
        void inTurn(() => opened.tell(nowMs));
      }
      later();
    },
    assigned: naming.assigned,
    async stop() {
      await within(
        inTurn(() => poll(true)),
        stopMs,
        clock,
      );
      outbox = undefined;
      for (const stop of stops) stop();
      stops = [];
    },
  };
}

const isJudged = ({ outcome }: Sighting) => outcome === 'ingress' || outcome === 'egress';
