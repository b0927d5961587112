import { type Decision, propose, stop } from './decision.ts';
import { allNamed, members, operationKey, type PodView } from './view.ts';

/** Main containers first, then sidecars in reverse start order, then sandbox, volumes and cgroup. */
export function decideStop(view: PodView, decision: Decision): void {
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
    propose(view, decision, { do: 'stopSandbox', key, sandboxId: id });
  }
  if (alive.length > 0) return;
  if (view.released) decision.ended = true;
  else propose(view, decision, { do: 'release', key: operationKey.release });
}

/** Per container the newest and the one before it stay, for `lastState` and `logs --previous`; old sandboxes go. */
export function collectGarbage(view: PodView, decision: Decision): void {
  const names = new Set(view.sandboxes.flatMap(({ containers }) => containers.map(({ name }) => name)));
  for (const name of names)
    for (const container of allNamed(view, name).slice(2)) {
      const key = operationKey.remove(container.id);
      if (container.state === 'exited') propose(view, decision, { do: 'remove', key, containerId: container.id });
    }
  for (const sandbox of view.sandboxes.slice(1)) {
    const key = operationKey.remove(sandbox.id);
    if (sandbox.ready || sandbox.containers.length > 0 || !view.stoppedSandboxes.has(sandbox.id)) continue;
    propose(view, decision, { do: 'removeSandbox', key, sandboxId: sandbox.id });
  }
}
