import type { Manifest } from '../contract.ts';
import type { Candidate } from './candidates.ts';

/** Pods that run beside each other of a Job, or of the next one of a CronJob. */
export function podsAtOnce({ kind, spec, status }: Manifest): number {
  const job = kind === 'CronJob' ? spec?.jobTemplate?.spec : spec;
  const done = kind === 'CronJob' ? 0 : (status?.succeeded ?? 0);
  return Math.max(1, Math.min(job?.parallelism ?? 1, (job?.completions ?? Number.POSITIVE_INFINITY) - done));
}

/** Pods that a controller still has to make, as far as it says how many it wants. */
export function wantedPods({ object, live }: Candidate): number {
  const { kind, spec, status } = object;
  const wanted = () => {
    if (kind === 'CronJob' || spec?.suspend === true) return live;
    if (kind === 'DaemonSet') return status?.desiredNumberScheduled ?? live;
    return kind === 'Job' ? podsAtOnce(object) : (spec?.replicas ?? 1);
  };
  const count = wanted();
  return Number.isInteger(count) ? Math.max(0, count - live) : 0;
}

/** May a rolling update take no pod away before a new one runs? https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-unavailable */
export function surges({ kind, spec }: Manifest): boolean {
  if (
    kind !== 'Deployment' ||
    spec?.strategy?.type === 'Recreate' ||
    !(spec?.replicas > 0 || spec?.replicas === undefined)
  )
    return false;
  const { maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const percent = /^(\d{1,3})%$/.exec(String(maxUnavailable))?.[1];
  return (
    Math.floor(percent === undefined ? Number(maxUnavailable) : (Number(percent) * (spec.replicas ?? 1)) / 100) === 0
  );
}
