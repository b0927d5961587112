import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Sandbox } from '../runtimes/runtime.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import type { PendingResize } from './allocation.ts';
import type { NodeContext } from './context.ts';
import { type Action, decide } from './decide.ts';
import { operate } from './operations.ts';
import { podStatus } from './status.ts';
import { terminationMessage } from './termination-message.ts';
import { allNamed, isStarted, members, operationKey, type PodView, type Problem, type StopOrder } from './view.ts';

/** What the agent remembers about a pod besides the runtime: all of it can be lost and found again. */
export type PodMemory = {
  pod: Pod;
  stop: StopOrder | undefined;
  volumes: PodVolumes | undefined;
  refreshDue: boolean;
  released: boolean;
  busy: Set<string>;
  pulling: Set<string>;
  failures: Map<string, number>;
  retryAtMs: Map<string, number>;
  stopping: Map<string, number>;
  stoppedSandboxes: Set<string>;
  backoffs: Map<string, number>;
  resized: Map<string, string>;
  pendingResize: PendingResize | undefined;
  problems: Map<string, Problem>;
  postStartPending: Set<string>;
  messages: Map<string, string>;
};

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
  view(): PodView;
};

/** `onEnded` is called once nothing of a stopped pod is left but its records. */
export function createWorker(pod: Pod, context: NodeContext, onEnded: (worker: PodWorker) => void): PodWorker {
  const { clock, log } = context;
  const uid = pod.metadata!.uid!;
  const memory = emptyMemory(pod);
  let cancelTimer: (() => void) | undefined;
  let scheduled = false;
  let again = false;
  let disposed = false;
  let ended = false;
  const startedAtMs = clock.now();

  function view(): PodView {
    const sandboxes = context.observed.ofPod(uid);
    const remembered = context.statuses.latest(uid)?.status ?? {};
    return {
      ...memory,
      nowMs: clock.now(),
      sandboxes,
      prepared: memory.volumes !== undefined,
      probes: context.prober.results(sandboxes.flatMap(({ containers }) => containers.map(({ id }) => id))),
      remembered: {
        ...remembered,
        startTime: remembered.startTime ?? new Date(startedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
      },
      hostIP: context.hostIP,
    };
  }

  async function turn(): Promise<void> {
    await readMessages(memory, context.observed.ofPod(uid), context);
    if (disposed) return;
    enforceDeadline(memory, view());
    const dueMs = refreshAtMs(memory);
    if (dueMs !== undefined && dueMs <= clock.now()) memory.refreshDue = true;
    const current = view();
    const decision = decide(current);
    for (const action of decision.actions) run(action);
    probe(current, context);
    context.statuses.set(uid, podStatus(view(), decision));
    plan(decision.wakeAtMs, current);
    if (decision.ended && !ended) {
      ended = true;
      onEnded(worker);
    }
  }

  function run(action: Action): void {
    memory.busy.add(action.key);
    operate(action, memory, context, wake)
      .then(() => {
        memory.failures.delete(action.key);
        memory.retryAtMs.delete(action.key);
      })
      .catch((error) => {
        const failures = (memory.failures.get(action.key) ?? 0) + 1;
        memory.failures.set(action.key, failures);
        memory.retryAtMs.set(action.key, clock.now() + retryDelayMs(action, failures));
        log.warn('an operation on a pod failed', { operation: action.key, pod: memory.pod.metadata?.name, error });
      })
      .finally(() => {
        memory.busy.delete(action.key);
        wake();
      });
  }

  function plan(wakeAtMs: number | undefined, current: PodView): void {
    cancelTimer?.();
    const times = [wakeAtMs, refreshAtMs(memory), deadlineMs(current)].filter((time) => time !== undefined);
    if (times.length === 0 || disposed) return;
    cancelTimer = clock.after(Math.max(Math.min(...times) - clock.now(), 1), wake);
  }

  function wake(): void {
    if (disposed) return;
    if (scheduled) {
      again = true;
      return;
    }
    scheduled = true;
    // After the current turn of the event loop, so that several changes make one decision.
    setImmediate(() => {
      again = false;
      turn()
        .catch((error) => log.error('deciding about a pod failed', { pod: memory.pod.metadata?.name, error }))
        .finally(() => {
          scheduled = false;
          if (again) wake();
        });
    });
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
      memory.stop = merged(memory.stop, order);
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
    view,
  };
  return worker;
}

const emptyMemory = (pod: Pod): PodMemory => ({
  pod,
  stop: undefined,
  volumes: undefined,
  refreshDue: false,
  released: false,
  busy: new Set(),
  pulling: new Set(),
  failures: new Map(),
  retryAtMs: new Map(),
  stopping: new Map(),
  stoppedSandboxes: new Set(),
  backoffs: new Map(),
  resized: new Map(),
  pendingResize: undefined,
  problems: new Map(),
  postStartPending: new Set(),
  messages: new Map(),
});

/** A later order may shorten the grace period and add deletion; it never takes back what an earlier one said. */
function merged(old: StopOrder | undefined, order: StopOrder): StopOrder {
  if (old === undefined) return order;
  const endMs = (value: StopOrder) => value.sinceMs + value.graceSeconds * 1000;
  const sooner = endMs(order) < endMs(old) ? order : old;
  const { phase, reason, message } = old.phase ? old : order;
  const { graceSeconds, sinceMs } = sooner;
  return { graceSeconds, sinceMs, deleted: old.deleted || order.deleted, phase, reason, message };
}

/** Images are retried after 10 s … 5 min, as the kubelet does; everything else sooner. */
function retryDelayMs(action: Action, failures: number): number {
  const doubled = 2 ** Math.min(failures - 1, 10);
  return action.do === 'start' ? Math.min(10_000 * doubled, 300_000) : Math.min(500 * doubled, 30_000);
}

function refreshAtMs({ volumes }: PodMemory): number | undefined {
  const times = [...(volumes?.values() ?? [])]
    .map(({ refreshAtMs }) => refreshAtMs)
    .filter((time) => time !== undefined);
  return times.length > 0 ? Math.min(...times) : undefined;
}

function deadlineMs({ pod, remembered }: PodView): number | undefined {
  const seconds = pod.spec!.activeDeadlineSeconds;
  return seconds === undefined ? undefined : Date.parse(String(remembered.startTime)) + seconds * 1000;
}

/** A pod that outlives its activeDeadlineSeconds has failed. */
function enforceDeadline(memory: PodMemory, view: PodView): void {
  const atMs = deadlineMs(view);
  if (atMs === undefined || view.nowMs < atMs || memory.stop !== undefined) return;
  if (view.remembered.phase === 'Succeeded' || view.remembered.phase === 'Failed') return;
  const graceSeconds = memory.pod.spec!.terminationGracePeriodSeconds ?? 30;
  const message = 'Pod was active on the node longer than the specified deadline';
  memory.stop = {
    graceSeconds,
    sinceMs: view.nowMs,
    deleted: false,
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message,
  };
}

async function readMessages(memory: PodMemory, sandboxes: Sandbox[], context: NodeContext): Promise<void> {
  const present = sandboxes.flatMap(({ containers }) => containers);
  for (const id of memory.messages.keys())
    if (!present.some((container) => container.id === id)) memory.messages.delete(id);
  for (const id of memory.resized.keys())
    if (!present.some((container) => container.id === id)) memory.resized.delete(id);
  for (const container of present) {
    if (container.state !== 'exited' || memory.messages.has(container.id)) continue;
    const spec = members(memory.pod).find(({ spec }) => spec.name === container.name)?.spec;
    memory.messages.set(container.id, await terminationMessage(context.podsDirectory, memory.pod, spec, container));
  }
}

/** Tells the prober which containers run now. A pod that stops is no longer probed for life. */
function probe(view: PodView, { prober }: NodeContext): void {
  const sandbox = view.sandboxes[0];
  const podIP = view.pod.spec!.hostNetwork ? view.hostIP : (sandbox?.ips[0] ?? '');
  const running = members(view.pod).flatMap(({ spec, role }) => {
    const container = allNamed(view, spec.name)[0];
    if (role === 'init' || role === 'ephemeral' || container?.state !== 'running') return [];
    const waiting = view.postStartPending.has(container.id) || view.busy.has(operationKey.start(spec.name));
    return waiting
      ? []
      : [
          {
            containerId: container.id,
            startedAtMs: container.startedAtMs,
            spec,
            started: isStarted(view, spec, container),
          },
        ];
  });
  prober.sync(view.pod.metadata!.uid!, { running, podIP, stopping: view.stop !== undefined });
}
