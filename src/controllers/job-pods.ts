import type { KubernetesObject } from '../api/object.ts';
import type { Job, Pod } from '../api/schema/types.d.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { indexAnnotation, indexOf, isIndexed } from './job-policy.ts';
import { compareForDeletion, isFinished, podFromTemplate } from './pods.ts';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
/** How the pod ended is still to be counted. */
export const isTracked = ({ metadata }: Pick<KubernetesObject, 'metadata'>): boolean =>
  metadata.finalizers?.includes(trackingFinalizer) === true;
const failureCount = 'batch.kubernetes.io/job-index-failure-count';

/** Failures an index had before this pod: the next pod of the index carries one more. */
export const failuresOf = ({ metadata }: Pod): number => Number(metadata.annotations?.[failureCount] ?? 0) || 0;

/** Deleted pods count as failures, since they may never get to say how they ended. */
export function isFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  const mustEnd = job.spec!.podReplacementPolicy === 'Failed' && pod.spec?.nodeName !== undefined;
  return isDeleting(pod) && pod.status?.phase !== 'Succeeded' && !mustEnd;
}

/** A pod that is counted, through its finalizer, before it can vanish; an indexed one knows its index. */
export function jobPod(job: Job, index: number | undefined, failures: number): Partial<Pod> {
  const { name } = job.metadata;
  const pod = podFromTemplate(job.spec!.template, job);
  const metadata = pod.metadata!;
  metadata.finalizers = [...(metadata.finalizers ?? []), trackingFinalizer];
  if (index === undefined) return pod;
  metadata.annotations![indexAnnotation] = `${index}`;
  metadata.labels![indexAnnotation] = `${index}`;
  if (job.spec!.backoffLimitPerIndex !== undefined) metadata.annotations![failureCount] = `${failures}`;
  Object.assign(metadata, { generateName: `${name.slice(0, 45)}-${index}-` });
  const spec = pod.spec!;
  spec.hostname = `${name}-${index}`.slice(0, 63);
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${indexAnnotation}']` } },
  };
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])])
    if (!container.env?.some(({ name }) => name === variable.name))
      container.env = [...(container.env ?? []), variable];
  return pod;
}

export type Counts = {
  succeeded: number;
  failed: number;
  succeededIndexes: ReadonlySet<number>;
  failedIndexes: ReadonlySet<number>;
};

/** How many pods should run at once, considering what is left to do. */
export function wantedActive({ spec }: Job, active: number, { succeeded }: Counts): number {
  const { completions, parallelism = 1 } = spec!;
  if (completions !== undefined) return Math.min(parallelism, Math.max(0, completions - succeeded));
  // Without a number of completions the first success means that the work is done: running pods may finish theirs.
  return succeeded > 0 ? Math.min(parallelism, active) : parallelism;
}

/** With podReplacementPolicy Failed a pod is replaced when it has ended, not when it is asked to. */
export const waitsForEnd = ({ spec }: Job, pod: Pod): boolean =>
  spec!.podReplacementPolicy === 'Failed' && isDeleting(pod) && !isFinished(pod);

/** Which pods go when there are too many: indexed ones from the highest index down, others as those of any workload. */
export function surplus(job: Job, active: Pod[], count: number): Pod[] {
  const index = (pod: Pod) => indexOf(pod, job) ?? Number.MAX_SAFE_INTEGER;
  const order = isIndexed(job)
    ? (a: Pod, b: Pod) => index(b) - index(a)
    : (a: Pod, b: Pod) => compareForDeletion(a, b, () => 0);
  return [...active].sort(order).slice(0, Math.max(0, count));
}
