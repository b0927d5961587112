import type { StopOrder } from './memory.ts';
import type { PodView } from './view.ts';

/** When a pod with activeDeadlineSeconds has run for long enough. */
export function deadlineMs({ pod, remembered }: Pick<PodView, 'pod' | 'remembered'>): number | undefined {
  const seconds = pod.spec!.activeDeadlineSeconds;
  return seconds === undefined ? undefined : Date.parse(String(remembered.startTime)) + seconds * 1000;
}

/** A pod that outlives its deadline has failed; one that has ended, or is stopped anyway, has not. */
export function deadlineStop(view: Pick<PodView, 'pod' | 'remembered' | 'nowMs' | 'stop'>): StopOrder | undefined {
  const atMs = deadlineMs(view);
  if (atMs === undefined || view.nowMs < atMs || view.stop !== undefined) return undefined;
  if (view.remembered.phase === 'Succeeded' || view.remembered.phase === 'Failed') return undefined;
  return {
    graceSeconds: view.pod.spec!.terminationGracePeriodSeconds ?? 30,
    sinceMs: view.nowMs,
    deleted: false,
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  };
}
