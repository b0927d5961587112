import type { Job, Pod, PodFailurePolicyRule } from '../api/schema/types.d.ts';
import { parseIndexes } from './job-indexes.ts';

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

export const isIndexed = ({ spec }: Job): boolean => spec!.completionMode === 'Indexed';

/** The index of a pod of an indexed job, undefined when it carries none in range. */
export function indexOf({ metadata }: Pod, job: Job): number | undefined {
  const text = metadata.annotations?.[indexAnnotation];
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const index = Number(text);
  return index < (job.spec!.completions ?? 0) ? index : undefined;
}

export type FailureAction = { action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'; message: string };

/** What a failed pod means: the first rule of the job's policy that matches it decides, otherwise it counts. */
export function failureAction(job: Job, pod: Pod): FailureAction {
  const rules = job.spec!.podFailurePolicy?.rules ?? [];
  for (const [at, rule] of rules.entries()) {
    const why = matching(rule, pod);
    if (why === undefined) continue;
    const { namespace, name } = pod.metadata;
    const message = `${why.replace('{pod}', `pod ${namespace}/${name}`)} matching ${rule.action} rule at index ${at}`;
    return { action: rule.action as FailureAction['action'], message };
  }
  return { action: 'Count', message: '' };
}

function matching({ onExitCodes, onPodConditions }: PodFailurePolicyRule, { status }: Pod): string | undefined {
  if (onExitCodes) {
    const { containerName, operator, values } = onExitCodes;
    for (const { name, state } of [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]) {
      const code = state?.terminated?.exitCode;
      if (code === undefined || code === 0 || (containerName && containerName !== name)) continue;
      const listed = (values as number[]).includes(code);
      if (operator === 'In' ? listed : !listed) return `Container ${name} for {pod} failed with exit code ${code}`;
    }
    return undefined;
  }
  for (const { type, status: wanted = 'True' } of onPodConditions ?? [])
    if (status?.conditions?.some((condition) => condition.type === type && condition.status === wanted))
      return `{pod} has condition ${type}`;
  return undefined;
}

/** Says which rule of the success policy holds, if one does. */
export function successRule(job: Job, succeeded: ReadonlySet<number>): string | undefined {
  const rules = job.spec!.successPolicy?.rules ?? [];
  const at = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted =
      succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, job.spec!.completions ?? 0);
    const done = wanted === undefined ? succeeded.size : [...wanted].filter((index) => succeeded.has(index)).length;
    return done >= (succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY);
  });
  return at === -1 ? undefined : `Matched rules at index ${at}`;
}
