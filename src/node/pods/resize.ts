import type { Container as ContainerSpec, ResourceRequirements } from '../../api/schema/types.d.ts';
import type { Container } from '../runtimes/runtime.ts';
import type { PodView } from './view.ts';

/** Written on each container when it is made: what it was given, so that a later resize is noticed. */
export const resourcesAnnotation = 'rempart.io/resources';

/** Of the resources that can change in place, in one order. */
export function resourcesText({ resources }: Pick<ContainerSpec, 'resources'>): string {
  const pick = (list: Record<string, string> = {}) => ({ cpu: list['cpu'], memory: list['memory'] });
  const { requests, limits } = (resources ?? {}) as {
    requests?: Record<string, string>;
    limits?: Record<string, string>;
  };
  return JSON.stringify({ requests: pick(requests), limits: pick(limits) });
}

/** What a running container has now, which is what its spec says unless a resize is under way. */
export const appliedText = (view: Pick<PodView, 'resized'>, container: Container): string | undefined =>
  view.resized.get(container.id) ?? container.annotations[resourcesAnnotation];

/** What is to be done about a container whose spec asks for other resources than it has (KEP-1287). */
export function resizeOf(view: PodView, spec: ContainerSpec, container: Container): 'none' | 'inPlace' | 'restart' {
  const applied = appliedText(view, container);
  const wanted = resourcesText(spec);
  if (applied === undefined || applied === wanted) return 'none';
  const [before, after] = [JSON.parse(applied), JSON.parse(wanted)] as ResourceRequirements[];
  const changed = ['cpu', 'memory'].filter(
    (name) => before?.limits?.[name] !== after?.limits?.[name] || before?.requests?.[name] !== after?.requests?.[name],
  );
  const restarts = (spec.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) => changed.includes(resourceName) && restartPolicy === 'RestartContainer',
  );
  return restarts ? 'restart' : 'inPlace';
}
