import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../api/schema/types.d.ts';
import { formatTime } from '../../foundation/clock.ts';
import type { Sandbox } from '../runtimes/runtime.ts';
import { createAttempts } from './attempts.ts';
import type { NodeContext } from './context.ts';
import { deadlineMs, deadlineStop } from './deadline.ts';
import { decide } from './decide.ts';
import { emptyMemory, forgetContainers, mergedStop, type PodMemory, refreshAtMs, type StopOrder } from './memory.ts';
import { operate } from './operations.ts';
import { probeTargets } from './probed.ts';
import { podStatus } from './status.ts';
import { terminationMessage } from './termination-message.ts';
import { createTurn } from './turn.ts';
import { members, type PodView } from './view.ts';

/**
 * One per pod: decides and starts operations whenever something changed. Deciding is serial; operations of different
 * containers run side by side, and never two with the same key.
 */
export type PodWorker = {
  memory: PodMemory;
  /** A new spec or new metadata from the API, or from a static pod's file. */
  update(pod: Pod): void;
  stop(order: StopOrder): void;
  wake(): void;
  /** What its volumes show has changed. */
  refresh(): void;
  dispose(): void;
};

/** `onEnded` is called once nothing of a stopped pod is left but its records. */
export function createWorker(pod: Pod, context: NodeContext, onEnded: (worker: PodWorker) => void): PodWorker {
  const { clock, log } = context;
  const uid = pod.metadata!.uid!;
  const memory = emptyMemory(pod);
  const startTime = formatTime(clock.now());
  let cancelTimer: (() => void) | undefined;
  let disposed = false;
  let ended = false;

  function view(): PodView {
    const sandboxes = context.observed.ofPod(uid);
    const remembered = context.statuses.latest(uid)?.status ?? {};
    return {
      ...memory,
      nowMs: clock.now(),
      sandboxes,
      prepared: memory.volumes !== undefined,
      probes: context.prober.results(sandboxes.flatMap(({ containers }) => containers.map(({ id }) => id))),
      remembered: { ...remembered, startTime: remembered.startTime ?? startTime },
      hostIP: context.hostIP,
    };
  }

  async function turn(): Promise<void> {
    await readMessages(memory, context.observed.ofPod(uid), context);
    if (disposed) return;
    memory.stop ??= deadlineStop(view());
    const dueMs = refreshAtMs(memory);
    if (dueMs !== undefined && dueMs <= clock.now()) memory.refreshDue = true;
    const current = view();
    const decision = decide(current);
    for (const action of decision.actions) void attempt(action);
    context.prober.sync(uid, probeTargets(current));
    context.statuses.set(uid, podStatus(view(), decision));
    plan(decision.wakeAtMs, current);
    if (decision.ended && !ended) {
      ended = true;
      onEnded(worker);
    }
  }

  const wakeUp = createTurn(async () => {
    if (disposed) return;
    await turn().catch((error) => log.error('deciding about a pod failed', { pod: memory.pod.metadata?.name, error }));
  });
  const wake = () => {
    if (!disposed) wakeUp();
  };

  const attempt = createAttempts({
    ...{ memory, over: wake, clock, log },
    operate: (action) => operate(action, memory, context, wake),
  });

  function plan(wakeAtMs: number | undefined, current: PodView): void {
    cancelTimer?.();
    const times = [wakeAtMs, refreshAtMs(memory), deadlineMs(current)].filter((time) => time !== undefined);
    if (times.length === 0 || disposed) return;
    cancelTimer = clock.after(Math.max(Math.min(...times) - clock.now(), 1), wake);
  }

  const worker: PodWorker = {
    memory,
    update(next) {
      const { pod: old } = memory;
      if (next.metadata?.generation !== old.metadata?.generation) memory.retryAtMs.clear();
      memory.pod = next;
      const shown = ({ metadata }: Pod) => [metadata?.labels, metadata?.annotations];
      if (memory.volumes !== undefined && !isDeepStrictEqual(shown(next), shown(old))) memory.refreshDue = true;
      wake();
    },
    stop(order) {
      memory.stop = mergedStop(memory.stop, order);
      ended = false;
      wake();
    },
    wake,
    refresh() {
      memory.refreshDue = memory.volumes !== undefined;
      wake();
    },
    dispose() {
      disposed = true;
      cancelTimer?.();
      context.prober.forget(uid);
    },
  };
  return worker;
}

async function readMessages(memory: PodMemory, sandboxes: Sandbox[], context: NodeContext): Promise<void> {
  const present = sandboxes.flatMap(({ containers }) => containers);
  forgetContainers(memory, present);
  for (const container of present) {
    if (container.state !== 'exited' || memory.messages.has(container.id)) continue;
    const spec = members(memory.pod).find(({ spec }) => spec.name === container.name)?.spec;
    memory.messages.set(container.id, await terminationMessage(context.podsDirectory, memory.pod, spec, container));
  }
}
