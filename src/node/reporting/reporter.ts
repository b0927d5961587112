import type { Node } from '../../api/schema/types.d.ts';
import type { Log } from '../../foundation/log.ts';
import { createLease, type LeaseOptions } from './lease.ts';
import { createReport, type ReportOptions } from './report.ts';

export type NodeReporter = { start(): void; stop(): void; latest(): Node | undefined };

export type ReporterOptions = ReportOptions & Pick<LeaseOptions, 'leaseSeconds'> & { log: Log };

const reportMs = 10_000;
/** A node that is not ready yet is looked at more often: somebody waits for it. */
const unreadyMs = 500;
const firstRetryMs = 250;

/** Registers the node, keeps its lease fresh and writes its status when it changes. */
export function createNodeReporter(options: ReporterOptions): NodeReporter {
  const { client, clock, log, node, leaseSeconds } = options;
  const report = createReport(options);
  const renew = createLease({ client, clock, nodeName: node.nodeName, leaseSeconds });
  let failures = 0;
  let cancels: (() => void)[] = [];
  let stopped = false;

  async function forever(work: () => Promise<void>, delayMs: () => number, what: string): Promise<void> {
    let nextMs = 0;
    try {
      await work();
      failures = 0;
      nextMs = delayMs();
    } catch (error) {
      nextMs = Math.min(firstRetryMs * 2 ** Math.min(failures++, 10), reportMs);
      log.warn(`${what} failed; trying again`, { nextMs, error });
    }
    if (!stopped) cancels = [...cancels.slice(-8), clock.after(nextMs, () => void forever(work, delayMs, what))];
  }

  const isReady = () =>
    report.latest()?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const renewIfKnown = async () => {
    const uid = report.uid();
    if (uid !== undefined) await renew(uid);
  };

  return {
    start() {
      const reporting = forever(report.make, () => (isReady() ? reportMs : unreadyMs), 'reporting the node');
      void reporting.then(() => forever(renewIfKnown, () => (leaseSeconds * 1000) / 4, 'renewing the node lease'));
    },
    stop() {
      stopped = true;
      for (const cancel of cancels) cancel();
    },
    latest: report.latest,
  };
}
