import type { Container } from '../../runtimes/runtime.ts';
import type { Action } from '../decision.ts';
import type { PodView } from '../view.ts';
import { exited, testContainer, testSandbox } from './view.ts';

/** What a pod looks like once an action is carried out: at once, and without failing. */
export function carryOut(view: PodView, action: Action): PodView {
  const [sandbox, ...old] = view.sandboxes;
  const change = (id: string, with_: Partial<Container>) => ({
    ...view,
    sandboxes: view.sandboxes.map((one) => ({
      ...one,
      containers: one.containers.map((container) => (container.id === id ? { ...container, ...with_ } : container)),
    })),
  });
  switch (action.do) {
    case 'prepare':
      return { ...view, prepared: true };
    case 'createSandbox': {
      const fresh = testSandbox([], { id: `sandbox-${action.attempt}`, attempt: action.attempt });
      const stopped = new Set([...view.stoppedSandboxes, ...view.sandboxes.map(({ id }) => id)]);
      return { ...view, sandboxes: [fresh, ...view.sandboxes], stoppedSandboxes: stopped, networked: fresh.id };
    }
    case 'joinNetwork':
      return { ...view, networked: action.sandboxId };
    case 'start': {
      const { attempt, member } = action;
      const times = { createdAtMs: view.nowMs, startedAtMs: view.nowMs, sandboxId: sandbox!.id };
      const container = testContainer(view.pod, member.spec.name, { attempt, ...times });
      return { ...view, sandboxes: [{ ...sandbox!, containers: [...sandbox!.containers, container] }, ...old] };
    }
    case 'stop':
      return change(action.container.id, exited(137, { finishedAtMs: view.nowMs }));
    case 'resize':
      return view;
    case 'remove': {
      const without = (containers: Container[]) => containers.filter(({ id }) => id !== action.containerId);
      return { ...view, sandboxes: view.sandboxes.map((one) => ({ ...one, containers: without(one.containers) })) };
    }
    case 'stopSandbox':
      return {
        ...view,
        stoppedSandboxes: new Set([...view.stoppedSandboxes, action.sandboxId]),
        sandboxes: view.sandboxes.map((one) => (one.id === action.sandboxId ? { ...one, ready: false } : one)),
      };
    case 'removeSandbox':
      return { ...view, sandboxes: view.sandboxes.filter(({ id }) => id !== action.sandboxId) };
    case 'release':
      return { ...view, released: true };
  }
}

/** The same with the named container ended, where it runs. */
export function endContainer(view: PodView, name: string, exitCode: number): PodView {
  const [sandbox, ...old] = view.sandboxes;
  const containers = sandbox!.containers.map((container) =>
    container.name === name && container.state === 'running'
      ? { ...container, ...exited(exitCode, { finishedAtMs: view.nowMs }) }
      : container,
  );
  return { ...view, sandboxes: [{ ...sandbox!, containers }, ...old] };
}

export function killSandbox(view: PodView): PodView {
  const [sandbox, ...old] = view.sandboxes;
  return { ...view, sandboxes: [{ ...sandbox!, ready: false }, ...old] };
}
