import type { ObjectMeta } from '../object.ts';

/** A CronJob names its jobs after the minute they are for. */
const ofCronJob = /^(.+)-\d{8,12}$/;

/**
 * What made a pod, as `Deployment/web`, told from the pod alone: whoever reports it may not read ReplicaSets and Jobs.
 * Undefined for pods of their own and those of a node.
 */
export function workloadOf({ labels, ownerReferences }: Pick<ObjectMeta, 'labels' | 'ownerReferences'>) {
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined || owner.kind === 'Node') return undefined;
  const hash = labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return `Deployment/${owner.name.slice(0, -hash.length - 1)}`;
  const cronJob = owner.kind === 'Job' ? ofCronJob.exec(owner.name)?.[1] : undefined;
  return cronJob === undefined ? `${owner.kind}/${owner.name}` : `CronJob/${cronJob}`;
}
