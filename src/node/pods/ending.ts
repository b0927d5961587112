import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Pod } from '../../api/schema/types.d.ts';
import { ApiError } from '../../api/status.ts';
import type { NodeContext } from './context.ts';
import { logDirectoryOf } from './sandbox-config.ts';
import type { PodWorker } from './worker.ts';

/** The last status is worth a moment, not a pod that never goes. */
const lastStatusMsMax = 5000;
const againMs = 2000;

export type EndingContext = Pick<
  NodeContext,
  'statuses' | 'client' | 'clock' | 'log' | 'runtime' | 'observed' | 'logsDirectory'
>;

/**
 * The end of a pod of which nothing runs: one that the API wants gone goes, with its records and logs. Every event of the
 * pod meanwhile says again that it has ended: it is still finished once. `gone` is called, once, when nothing is left.
 */
export function createEnding(context: EndingContext, gone: (worker: PodWorker) => void): (worker: PodWorker) => void {
  const finishing = new Set<string>();

  async function finish(worker: PodWorker): Promise<void> {
    const { pod, stop } = worker.memory;
    const uid = pod.metadata.uid!;
    if (!stop?.deleted || finishing.has(uid)) return;
    finishing.add(uid);
    try {
      await lastStatus(uid, context);
      await deleteObject(pod, context);
      worker.dispose();
      await removeRecords(pod, context);
      gone(worker);
    } catch (error) {
      const { name, namespace } = pod.metadata;
      context.log.warn('a stopped pod could not be removed; trying again', { pod: name, namespace, error });
      context.clock.after(againMs, () => void finish(worker));
    } finally {
      finishing.delete(uid);
    }
  }
  return (worker) => void finish(worker);
}

async function lastStatus(uid: string, { statuses, clock }: EndingContext): Promise<void> {
  const patience = new Promise<void>((resolve) => clock.after(lastStatusMsMax, resolve));
  await Promise.race([statuses.flushed(uid), patience]);
}

/** Resolves when the API no longer has this pod; another one of its name stays. */
async function deleteObject({ metadata }: Pod, { statuses, client }: EndingContext): Promise<void> {
  const { namespace, name, uid } = metadata;
  if (!statuses.isInApi(uid!)) return;
  try {
    const preconditions = { uid: statuses.latest(uid!)!.metadata.uid };
    await client.delete('pods', { namespace, name }, { gracePeriodSeconds: 0, preconditions });
  } catch (error) {
    if (!(error instanceof ApiError) || (error.reason !== 'NotFound' && error.reason !== 'Conflict')) throw error;
  }
}

async function removeRecords(pod: Pod, { runtime, observed, logsDirectory, log }: EndingContext): Promise<void> {
  const { name: podName, uid } = pod.metadata;
  for (const sandbox of observed.ofPod(uid!)) {
    try {
      for (const { id } of sandbox.containers) await runtime.removeContainer(id);
      await runtime.removePod(sandbox.id);
      await observed.refresh(sandbox.id);
    } catch (error) {
      log.warn('records of a pod could not be removed; the next relist tries again', { pod: podName, error });
    }
  }
  const logs = logDirectoryOf(logsDirectory, pod);
  if (dirname(join(logsDirectory, basename(logs))) === logsDirectory) await rm(logs, { recursive: true, force: true });
}
