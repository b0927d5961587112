import { createHash } from 'node:crypto';
import type { Container as ContainerSpec, ContainerStatus } from '../../api/schema/types.d.ts';
import { restarts } from './restart.ts';
import { allNamed, type Member, members, type PodView } from './view.ts';

export type Outcome = 'Succeeded' | 'Failed';

/**
 * How the pod ended by itself, or undefined while it has something to do. A phase that the API has seen as ended stays:
 * a finished pod never starts again.
 */
export function outcome(view: PodView): Outcome | undefined {
  const { phase } = view.remembered;
  if (phase === 'Succeeded' || phase === 'Failed') return phase;
  const all = members(view.pod);
  for (const member of all.filter(({ role }) => role === 'init')) {
    const exitCode = finalExit(view, member);
    if (exitCode !== undefined && exitCode !== 0) return 'Failed';
  }
  const codes = all.filter(({ role }) => role === 'main').map((member) => finalExit(view, member));
  if (codes.some((code) => code === undefined)) return undefined;
  return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed';
}

/** The exit code a container ended with for good; undefined when it runs, waits or will be restarted. */
function finalExit(view: PodView, { spec, role }: Member): number | undefined {
  const newest = allNamed(view, spec.name)[0];
  if (newest !== undefined) {
    if (newest.state !== 'exited' || restarts(view.pod, spec, role, newest.exitCode)) return undefined;
    return newest.exitCode;
  }
  const status = rememberedStatus(view, spec.name);
  const code = forgottenExit(status);
  return code === undefined || restarts(view.pod, spec, role, code) ? undefined : code;
}

export function rememberedStatus(view: Pick<PodView, 'remembered'>, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = view.remembered;
  const all = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
  return all.find((status) => status.name === name);
}

/** A container that the API saw running and the runtime no longer knows (a wiped disk) counts as killed. */
export const lostExitCode = 137;

function forgottenExit(status: ContainerStatus | undefined): number | undefined {
  if (status === undefined) return undefined;
  return status.state?.terminated?.exitCode ?? (status.state?.running ? lostExitCode : undefined);
}

/** Of what cannot change without a new container: everything else of a pod is immutable or changes in place. */
export function specHash({ name, image }: ContainerSpec): string {
  return createHash('sha256')
    .update(JSON.stringify([name, image]))
    .digest('hex')
    .slice(0, 16);
}
