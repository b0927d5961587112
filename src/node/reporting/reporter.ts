import type { Node } from '../../api/schema/types.d.ts';
import type { Log } from '../../foundation/log.ts';
import { repeat } from '../../foundation/repeat.ts';
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
  let ends: (() => void)[] = [];

  const tried = (work: () => Promise<void>, pauseMs: () => number, what: string) => async (): Promise<number> => {
    try {
      await work();
      failures = 0;
      return pauseMs();
    } catch (error) {
      const nextMs = Math.min(firstRetryMs * 2 ** Math.min(failures++, 10), reportMs);
      log.warn(`${what} failed; trying again`, { nextMs, error });
      return nextMs;
    }
  };

  const isReady = () =>
    report.latest()?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const renewalPauseMs = () => (report.uid() === undefined ? unreadyMs : (leaseSeconds * 1000) / 4);
  const renewIfKnown = async () => {
    const uid = report.uid();
    if (uid !== undefined) await renew(uid);
  };

  return {
    start() {
      const reporting = tried(report.make, () => (isReady() ? reportMs : unreadyMs), 'reporting the node');
      const renewing = tried(renewIfKnown, renewalPauseMs, 'renewing the node lease');
      ends = [repeat(clock, reporting), repeat(clock, renewing)];
    },
    stop() {
      for (const end of ends) end();
    },
    latest: report.latest,
  };
}
