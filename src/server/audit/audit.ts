import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../../api/status.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Audit, AuditEvent } from '../contracts.ts';
import { type AuditFiles, type AuditLine, openAuditFiles } from './files.ts';
import { auditLine, hashOf } from './lines.ts';
import { isRecorded } from './policy.ts';

export type AuditOptions = {
  /** Holds audit.log, its older parts and audit.head. */
  directory: string;
  clock: Clock;
  log: Log;
  /** A part of the log is closed above this size; with `filesMax` it bounds the disk that is used. */
  fileBytesMax?: number;
  filesMax?: number;
  /** What may wait for the disk, with up to `gatherMax` events besides; beyond it requests are refused. */
  pendingBytesMax?: number;
};

export type AuditLog = Audit & {
  /** Resolves when everything recorded so far is on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

const gatherMs = 10;
/** So many events become lines together, at the latest when they are written: next to each other they cost half. */
const gatherMax = 64;
/** While lines keep coming, the head is this far behind at most. */
const headMs = 100;
const retryMs = 1000;
const isFull = (error: Error) => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/**
 * The audit log: one JSON line per event, each with the hash of the line before, so that `verifyAudit` finds what was
 * altered, removed or cut off. Writing never blocks a request. Closed by default: while lines cannot be written, or too
 * many wait, `ready` refuses every request with ServiceUnavailable, because what cannot be recorded must not happen.
 * Only a full disk lets reads go on while their lines can wait in memory: whoever makes room must see what is there.
 */
export function createAudit(options: AuditOptions): AuditLog {
  const { directory, clock, log, fileBytesMax = 100 << 20, filesMax = 10, pendingBytesMax = 8 << 20 } = options;
  const files: AuditFiles = openAuditFiles({ directory, fileBytesMax, filesMax });
  let { sequence, hash, gap } = files.end;
  if (gap !== undefined) log.error('the audit log does not end as it was left', { directory, gap });
  let arrived: AuditEvent[] = [];
  let pending: AuditLine[] = [];
  let pendingBytes = 0;
  let failure: Error | undefined;
  let writing: Promise<void> | undefined;
  let refused = 0;

  /** A write costs as much as several requests: what happens within `gatherMs` shares one, and many share a head. */
  async function drain(): Promise<void> {
    const untilMs = clock.monotonicMs() + headMs;
    do {
      await delay(gatherMs);
      await retrying(writePending);
    } while (hasMore() && failure === undefined && clock.monotonicMs() < untilMs);
    if (failure === undefined) await retrying(files.writeHead);
  }

  const waitingLines = () => arrived.length + pending.length;
  const hasMore = () => waitingLines() > 0;

  function chainArrived(): void {
    for (const event of arrived) {
      const text = auditLine(event, { sequence: sequence + 1, previous: hash }, gap);
      gap = undefined;
      sequence++;
      hash = hashOf(text);
      pending.push({ text, sequence, hash });
      pendingBytes += text.length;
    }
    arrived = [];
  }

  async function writePending(): Promise<void> {
    chainArrived();
    const batch = pending;
    if (batch.length === 0) return;
    const bytes = pendingBytes;
    pending = [];
    try {
      await files.append(batch);
      pendingBytes -= bytes;
    } catch (error) {
      pending = [...batch, ...pending];
      throw error;
    }
  }

  async function retrying(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await write();
        if (failure !== undefined) log.info('the audit log is written again', { refused });
        failure = undefined;
        refused = 0;
        return;
      } catch (error) {
        if (failure === undefined) log.error('the audit log cannot be written: requests are refused', { error });
        failure = error as Error;
        await new Promise<void>((resolve) => clock.after(retryMs, resolve));
        if (closed) return;
      }
    }
  }

  let closed = false;
  const kick = () => {
    writing ??= drain().finally(() => {
      writing = undefined;
      if (hasMore() && failure === undefined) kick();
    });
  };
  return {
    ready(reading = false) {
      const tooMuch = pendingBytes > pendingBytesMax;
      if (!tooMuch && (failure === undefined || (reading && isFull(failure)))) return;
      refused++;
      const why = failure === undefined ? 'too much waits for the disk' : failure.message;
      const remedy = failure && isFull(failure) ? ': its disk is full, free disk space on the server' : '';
      const message = `the audit log in ${directory} cannot be written (${why})${remedy}`;
      throw new ApiError('ServiceUnavailable', message, { retryAfterSeconds: 1 });
    },
    record(event) {
      if (!isRecorded(event)) return;
      // What was refused before anybody was identified did nothing: it may not fill the memory too.
      if (event.user.username === '' && (failure !== undefined || pendingBytes > pendingBytesMax)) return;
      if (arrived.push(event) >= gatherMax) chainArrived();
      kick();
    },
    async flush() {
      while (writing !== undefined && failure === undefined) await writing;
    },
    async close() {
      closed = true;
      while (writing !== undefined && failure === undefined) await writing;
      if (hasMore()) log.error('the audit log is closed without what could not be written', { lines: waitingLines() });
      await files.close();
    },
  };
}
