import type { Container } from '../runtimes/runtime.ts';
import { type Decision, propose, stop, wakeAt } from './decision.ts';
import type { Problem } from './memory.ts';
import { specHash } from './outcome.ts';
import { resizeOf } from './resize.ts';
import { backoff, restarts } from './restart.ts';
import { allNamed, type Member, newestIn, operationKey, type PodView } from './view.ts';

/** A container that should run: started when it does not, stopped when a probe or a new spec says so. */
export function keepRunning(view: PodView, decision: Decision, member: Member): void {
  const sandbox = view.sandboxes[0]!;
  const current = newestIn(sandbox, member.spec.name);
  if (current?.state !== 'running') {
    start(view, decision, member, sandbox.id, current);
    return;
  }
  const probes = view.probes.get(current.id);
  const graceOf = (seconds: number | undefined) => seconds ?? view.pod.spec!.terminationGracePeriodSeconds ?? 30;
  const { startupProbe, livenessProbe } = member.spec;
  if (current.annotations['rempart.io/spec-hash'] !== specHash(member.spec))
    stop(view, decision, current, graceOf(undefined), `Container ${member.spec.name} definition changed`);
  else if (probes?.startup === false)
    stop(view, decision, current, graceOf(startupProbe?.terminationGracePeriodSeconds), failed(member, 'startup'));
  else if (probes?.liveness === false)
    stop(view, decision, current, graceOf(livenessProbe?.terminationGracePeriodSeconds), failed(member, 'liveness'));
  else resize(view, decision, member, current);
}

function resize(view: PodView, decision: Decision, member: Member, current: Container): void {
  const how = resizeOf(view, member.spec, current);
  const graceSeconds = view.pod.spec!.terminationGracePeriodSeconds ?? 30;
  const key = operationKey.resize(current.id);
  if (how === 'restart')
    stop(view, decision, current, graceSeconds, `Container ${member.spec.name} resize requires restart`);
  else if (how === 'inPlace') propose(view, decision, { do: 'resize', key, member, container: current });
}

const failed = ({ spec }: Member, probe: string) =>
  `Container ${spec.name} failed ${probe} probe, ${spec.restartPolicy === 'Never' ? 'stopping' : 'will be restarted'}`;

/** Proposes to start a container, unless it has ended for good or has to wait. */
export function start(
  view: PodView,
  decision: Decision,
  member: Member,
  sandboxId: string,
  current: Container | undefined,
) {
  const name = member.spec.name;
  const key = operationKey.start(name);
  const last = allNamed(view, name)[0];
  if (current?.state === 'created' || current?.state === 'unknown') {
    // Left between create and start by an agent that died: nothing ran in it.
    const remove = operationKey.remove(current.id);
    if (!view.busy.has(key)) propose(view, decision, { do: 'remove', key: remove, containerId: current.id });
    return;
  }
  let nextBackoffMs = 0;
  const again = last?.state === 'exited' && restarts(view.pod, member.spec, member.role, last.exitCode);
  // An init container that succeeded runs again in a new sandbox, and nothing else does.
  if (last?.state === 'exited' && !again && (member.role !== 'init' || current !== undefined)) return;
  if (last !== undefined && again) {
    const { waitMs, nextMs } = backoff(last, view.backoffs.get(name));
    nextBackoffMs = nextMs;
    const untilMs = last.finishedAtMs + waitMs;
    if (untilMs > view.nowMs && !view.busy.has(key)) {
      decision.waiting.set(name, crashLoop(view, name, waitMs));
      wakeAt(decision, untilMs);
      return;
    }
  }
  const attempt = last === undefined ? nextAttempt(view, name) : last.attempt + 1;
  propose(view, decision, { do: 'start', key, member, sandboxId, attempt, nextBackoffMs });
}

function crashLoop(view: PodView, name: string, waitMs: number): Problem {
  const { name: podName, namespace, uid } = view.pod.metadata!;
  const where = `${podName}_${namespace}(${uid})`;
  const message = `back-off ${waitMs / 1000}s restarting failed container=${name} pod=${where}`;
  return { reason: 'CrashLoopBackOff', message };
}

/** Containers that the runtime has forgotten still count, so that restartCount never goes down. */
function nextAttempt(view: PodView, name: string): number {
  const { containerStatuses = [], initContainerStatuses = [] } = view.remembered;
  const status = [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name);
  return status?.containerID ? status.restartCount + 1 : 0;
}
