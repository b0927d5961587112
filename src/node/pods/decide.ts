import { keepRunning, start } from './decide-container.ts';
import { collectGarbage, decideStop } from './decide-end.ts';
import { type Decision, propose, stop } from './decision.ts';
import { outcome } from './outcome.ts';
import { allNamed, isStarted, type Member, members, newestIn, operationKey, type PodView } from './view.ts';

/**
 * What to do about a pod, given what is: level-based, pure, and safe to ask at any time. It proposes only what is not
 * under way and not backing off.
 */
export function decide(view: PodView): Decision {
  const decision: Decision = { actions: [], waiting: new Map(), wakeAtMs: undefined, ended: false };
  if (view.stop !== undefined || outcome(view) !== undefined) decideStop(view, decision);
  else decideRun(view, decision);
  collectGarbage(view, decision);
  return decision;
}

function decideRun(view: PodView, decision: Decision): void {
  if (!view.prepared || view.refreshDue) propose(view, decision, { do: 'prepare', key: operationKey.prepare });
  if (!view.prepared) return;
  const sandbox = view.sandboxes[0];
  if (sandbox === undefined || !sandbox.ready || view.busy.has(operationKey.sandbox)) {
    decideSandbox(view, decision);
    return;
  }
  if (view.networked !== sandbox.id)
    propose(view, decision, { do: 'joinNetwork', key: operationKey.network, sandboxId: sandbox.id });
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
  const attempt = old === undefined ? 0 : old.attempt + 1;
  if (running.length === 0) propose(view, decision, { do: 'createSandbox', key: operationKey.sandbox, attempt });
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
