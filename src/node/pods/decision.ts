import type { Container } from '../runtimes/runtime.ts';
import type { Problem } from './memory.ts';
import { type Member, members, operationKey, type PodView } from './view.ts';

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

/** Proposes it unless it is under way, or failed a moment ago: then notes when to look again. */
export function propose(view: PodView, decision: Decision, action: Action): void {
  if (view.busy.has(action.key)) return;
  const retryAtMs = view.retryAtMs.get(action.key) ?? 0;
  if (retryAtMs > view.nowMs) wakeAt(decision, retryAtMs);
  else decision.actions.push(action);
}

export function wakeAt(decision: Decision, timeMs: number): void {
  decision.wakeAtMs = Math.min(decision.wakeAtMs ?? Number.POSITIVE_INFINITY, timeMs);
}

/** Proposes to stop a container, in the time that it has. */
export function stop(view: PodView, decision: Decision, container: Container, graceSeconds: number, why: string): void {
  const deadlineMs = view.stopping.get(container.id);
  const base = operationKey.stop(container.id);
  // A second, shorter order overtakes the first: `kubectl delete --grace-period=1` while 30 s are running.
  const sooner = deadlineMs !== undefined && view.nowMs + graceSeconds * 1000 < deadlineMs - 1000;
  const key = sooner ? `${base}/${graceSeconds}` : base;
  if (deadlineMs !== undefined && !sooner) return;
  const member = members(view.pod).find(({ spec }) => spec.name === container.name);
  propose(view, decision, { do: 'stop', key, member, container, graceSeconds, overtakes: sooner, why });
}
