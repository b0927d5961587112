import { createCollection, observationsMax } from '../../api/observations/collection.ts';
import type { Flow } from '../../api/observations/observation.ts';
import type { Log } from '../../foundation/log.ts';

/**
 * What a node saw from `fromMs` to `toMs`. `resumes`: the kernel had recorded for an earlier process and went on; what
 * it still held is part of this, at most `elementSeconds` old.
 */
export type FlowReport = { flows: Flow[]; fromMs: number; toMs: number; lost: number; resumes: boolean };

/** What was seen and not reported yet: equal flows are one, and what a bound pushes out is counted as lost. */
export type Outbox = {
  add(flows: Flow[], lost: number): void;
  /** When the last report was taken; 0 before. */
  reportedMs(): number;
  /** Reports everything; what is not taken is kept for the next time. */
  tell(toMs: number): Promise<void>;
};

/** A report is one request: more is told in several. */
const flowsPerReport = 500;

/** `report` rejects when it was not taken. */
export function createOutbox(
  start: { fromMs: number; resumes: boolean },
  report: (report: FlowReport) => Promise<void>,
  log: Log,
): Outbox {
  const waiting = createCollection({ ...observationsMax, calls: 1, addresses: 1, images: 1 });
  let next = { ...start, lost: 0 };
  let reportedMs = 0;
  let failed = false;
  return {
    add(flows, lost) {
      next.lost += lost;
      for (const flow of flows) next.lost += waiting.add('flows', flow);
    },
    reportedMs: () => reportedMs,
    async tell(toMs) {
      const { fromMs, lost, resumes } = next;
      const flows = waiting.list('flows');
      waiting.clear();
      for (let at = 0; at === 0 || at < flows.length; at += flowsPerReport) {
        const isLast = at + flowsPerReport >= flows.length;
        try {
          const part = flows.slice(at, at + flowsPerReport);
          await report({ flows: part, fromMs, toMs, lost: isLast ? lost : 0, resumes });
        } catch (error) {
          for (const flow of flows.slice(at)) waiting.add('flows', flow);
          if (!failed) log.warn('what was observed cannot be reported yet: it is kept', { error });
          failed = true;
          return;
        }
      }
      failed = false;
      reportedMs = toMs;
      next = { fromMs: toMs, lost: 0, resumes: false };
    },
  };
}
