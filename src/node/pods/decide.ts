import type { Container } from '../runtimes/runtime.ts';
import type { Problem } from './memory.ts';
import { outcome, specHash } from './outcome.ts';
import { resizeOf } from './resize.ts';
import { backoff, restarts } from './restart.ts';
import { allNamed, isStarted, type Member, members, newestIn, operationKey, type PodView } from './view.ts';

/** What the plumbing shall do next. Each action is one operation with its own key, so that none runs twice at once. */
export type Action =
  | { do: 'prepare'; key: string }
  | { do: 'createSandbox'; key: string; attempt: number }
  | { do: 'joinNetwork'; key: string; sandboxId: string }
  | { do: 'start'; key: string; member: Member; sandboxId: string; attempt: number; nextBackoffMs: number }
  | {
      do: 'stop';
      key: string;
      member: Member | undefined;
      container: Container;
      graceSeconds: number;
      overtakes: boolean;
      why: string;
    }
  | { do: 'resize'; key: string; member: Member; container: Container }
  | { do: 'remove'; key: string; containerId: string }
  | { do: 'stopSandbox'; key: string; sandboxId: string }
  | { do: 'removeSandbox'; key: string; sandboxId: string }
  | { do: 'release'; key: string };
export type ActionOf<Name extends Action['do']> = Extract<Action, { do: Name }>;

export type Decision = {
  actions: Action[];
  /** Why containers wait, by name. */
  waiting: Map<string, Problem>;
  /** When to decide again even if nothing happens. */
  wakeAtMs: number | undefined;
  /** Nothing of the pod runs any more and its volumes are released. */
  ended: boolean;
};

/**
 * What to do about a pod, given what is: level-based, pure, and safe to ask at any time. It proposes only what is not
 * under way and not backing off.
 */
export function decide(view: PodView): Decision {
  const decision: Decision = { actions: [], waiting: new Map(), wakeAtMs: undefined, ended: false };
  if (view.stop !== undefined || outcome(view) !== undefined) decideStop(view, decision);
  else decideRun(view, decision);
  decideGarbage(view, decision);
  return decision;
}

/** True when the operation may start now; otherwise notes when to look again. */
function may(view: PodView, decision: Decision, key: string): boolean {
  if (view.busy.has(key)) return false;
  const retryAtMs = view.retryAtMs.get(key) ?? 0;
  if (retryAtMs > view.nowMs) wakeAt(decision, retryAtMs);
  return retryAtMs <= view.nowMs;
}

function wakeAt(decision: Decision, timeMs: number): void {
  decision.wakeAtMs = Math.min(decision.wakeAtMs ?? Number.POSITIVE_INFINITY, timeMs);
}

function decideRun(view: PodView, decision: Decision): void {
  if (!view.prepared) {
    if (may(view, decision, operationKey.prepare)) decision.actions.push({ do: 'prepare', key: operationKey.prepare });
    return;
  }
  if (view.refreshDue && may(view, decision, operationKey.prepare))
    decision.actions.push({ do: 'prepare', key: operationKey.prepare });
  const sandbox = view.sandboxes[0];
  if (sandbox === undefined || !sandbox.ready || view.busy.has(operationKey.sandbox)) {
    decideSandbox(view, decision);
    return;
  }
  if (view.networked !== sandbox.id && may(view, decision, operationKey.network))
    decision.actions.push({ do: 'joinNetwork', key: operationKey.network, sandboxId: sandbox.id });
  const all = members(view.pod);
  for (const member of all.filter(({ role }) => role === 'ephemeral'))
    if (
      allNamed(view, member.spec.name)[0]?.state !== 'exited' &&
      newestIn(sandbox, member.spec.name)?.state !== 'running'
    )
      start(view, decision, member, sandbox.id, newestIn(sandbox, member.spec.name));
  if (!initialise(view, decision, all)) return;
  for (const member of all.filter(({ role }) => role === 'main')) keepRunning(view, decision, member);
}

/** A pod whose sandbox died is rebuilt: what still runs in it is stopped first, in order not to run beside it. */
function decideSandbox(view: PodView, decision: Decision): void {
  const old = view.sandboxes[0];
  const running = view.sandboxes.flatMap(({ containers }) => containers).filter(({ state }) => state === 'running');
  const graceSeconds = view.pod.spec!.terminationGracePeriodSeconds ?? 30;
  for (const container of running) stop(view, decision, container, graceSeconds, 'Pod sandbox changed');
  if (running.length > 0 || !may(view, decision, operationKey.sandbox)) return;
  const attempt = old === undefined ? 0 : old.attempt + 1;
  decision.actions.push({ do: 'createSandbox', key: operationKey.sandbox, attempt });
}

/** Init containers one after the other; sidecars among them stay. True when the main containers may run. */
function initialise(view: PodView, decision: Decision, all: Member[]): boolean {
  const sandbox = view.sandboxes[0]!;
  const names = new Set(view.pod.spec!.containers.map(({ name }) => name));
  const initialised = sandbox.containers.some(({ name }) => names.has(name));
  for (const member of all.filter(({ role }) => role === 'init' || role === 'sidecar')) {
    const current = newestIn(sandbox, member.spec.name);
    if (member.role === 'sidecar') {
      keepRunning(view, decision, member);
      if (!initialised && !isStarted(view, member.spec, current)) return false;
    } else if (!initialised && !(current?.state === 'exited' && current.exitCode === 0)) {
      if (current?.state !== 'running') start(view, decision, member, sandbox.id, current);
      return false;
    }
  }
  return true;
}

/** A container that should run: started when it does not, stopped when a probe or a new spec says so. */
function keepRunning(view: PodView, decision: Decision, member: Member): void {
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
  else if (how === 'inPlace' && may(view, decision, key))
    decision.actions.push({ do: 'resize', key, member, container: current });
}

const failed = ({ spec }: Member, probe: string) =>
  `Container ${spec.name} failed ${probe} probe, ${spec.restartPolicy === 'Never' ? 'stopping' : 'will be restarted'}`;

function start(view: PodView, decision: Decision, member: Member, sandboxId: string, current: Container | undefined) {
  const name = member.spec.name;
  const key = operationKey.start(name);
  const last = allNamed(view, name)[0];
  if (current?.state === 'created' || current?.state === 'unknown') {
    // Left between create and start by an agent that died: nothing ran in it.
    const remove = operationKey.remove(current.id);
    if (!view.busy.has(key) && may(view, decision, remove))
      decision.actions.push({ do: 'remove', key: remove, containerId: current.id });
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
  if (!may(view, decision, key)) return;
  const attempt = last === undefined ? nextAttempt(view, name) : last.attempt + 1;
  decision.actions.push({ do: 'start', key, member, sandboxId, attempt, nextBackoffMs });
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

function stop(view: PodView, decision: Decision, container: Container, graceSeconds: number, why: string): void {
  const deadlineMs = view.stopping.get(container.id);
  const base = operationKey.stop(container.id);
  // A second, shorter order overtakes the first: `kubectl delete --grace-period=1` while 30 s are running.
  const sooner = deadlineMs !== undefined && view.nowMs + graceSeconds * 1000 < deadlineMs - 1000;
  const key = sooner ? `${base}/${graceSeconds}` : base;
  if (deadlineMs !== undefined && !sooner) return;
  if (!may(view, decision, key)) return;
  const member = members(view.pod).find(({ spec }) => spec.name === container.name);
  decision.actions.push({ do: 'stop', key, member, container, graceSeconds, overtakes: sooner, why });
}

/** Main containers first, then sidecars in reverse start order, then sandbox, volumes and cgroup. */
function decideStop(view: PodView, decision: Decision): void {
  const order = view.stop;
  const graceSeconds = order?.graceSeconds ?? view.pod.spec!.terminationGracePeriodSeconds ?? 30;
  const leftSeconds = order
    ? Math.max(Math.ceil((order.sinceMs + graceSeconds * 1000 - view.nowMs) / 1000), Math.min(graceSeconds, 2))
    : graceSeconds;
  const running = view.sandboxes.flatMap(({ containers }) => containers).filter(({ state }) => state === 'running');
  const sidecars = members(view.pod)
    .filter(({ role }) => role === 'sidecar')
    .map(({ spec }) => spec.name);
  const others = running.filter(({ name }) => !sidecars.includes(name));
  for (const container of others) stop(view, decision, container, leftSeconds, `Stopping container ${container.name}`);
  if (others.length > 0 || starting(view)) return;
  const last = running.sort((a, b) => sidecars.indexOf(b.name) - sidecars.indexOf(a.name))[0];
  if (last !== undefined) {
    stop(view, decision, last, leftSeconds, `Stopping container ${last.name}`);
    return;
  }
  decideEnd(view, decision);
}

/** Something may still come to life: what stops now would be outrun. A pull gives up by itself when it is done. */
const starting = (view: PodView) =>
  [...view.busy].some(
    (key) =>
      key === operationKey.sandbox ||
      key === operationKey.prepare ||
      (key.startsWith('start/') && !view.pulling.has(key.slice('start/'.length))),
  );

function decideEnd(view: PodView, decision: Decision): void {
  const alive = view.sandboxes.filter(({ id, ready }) => ready || !view.stoppedSandboxes.has(id));
  for (const { id } of alive) {
    const key = `${operationKey.sandbox}/${id}`;
    if (may(view, decision, key)) decision.actions.push({ do: 'stopSandbox', key, sandboxId: id });
  }
  if (alive.length > 0) return;
  if (view.released) decision.ended = true;
  else if (may(view, decision, operationKey.release))
    decision.actions.push({ do: 'release', key: operationKey.release });
}

/** Per container the newest and the one before it stay, for `lastState` and `logs --previous`; old sandboxes go. */
function decideGarbage(view: PodView, decision: Decision): void {
  const names = new Set(view.sandboxes.flatMap(({ containers }) => containers.map(({ name }) => name)));
  for (const name of names)
    for (const container of allNamed(view, name).slice(2)) {
      const key = operationKey.remove(container.id);
      if (container.state === 'exited' && may(view, decision, key))
        decision.actions.push({ do: 'remove', key, containerId: container.id });
    }
  for (const sandbox of view.sandboxes.slice(1)) {
    const key = operationKey.remove(sandbox.id);
    if (sandbox.ready || sandbox.containers.length > 0 || !view.stoppedSandboxes.has(sandbox.id)) continue;
    if (may(view, decision, key)) decision.actions.push({ do: 'removeSandbox', key, sandboxId: sandbox.id });
  }
}
