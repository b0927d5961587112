import type { Container as ContainerSpec, Probe } from '../../api/schema/types.d.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { runProbe } from './run-probe.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';
export type ProbeTargets = {
  /** `started`: it needs no startup probe, or has passed it, perhaps before this agent began. */
  running: { containerId: string; startedAtMs: number; spec: ContainerSpec; started: boolean }[];
  podIP: string;
  /** Only readiness is still probed while a pod stops. */
  stopping: boolean;
};

/** Undefined: not known yet. `liveness` false means: kill it. */
export type ProbeResult = { startup?: boolean; liveness?: boolean; readiness?: boolean };

/** Probes containers on their own schedules; says only when a result has changed. */
export type Prober = {
  /** What of one pod runs now: starts, keeps and ends probes accordingly. */
  sync(podUid: string, targets: ProbeTargets): void;
  results(containerIds: string[]): Map<string, ProbeResult>;
  forget(podUid: string): void;
  stop(): void;
};

export type ProberOptions = {
  runtime: Runtime;
  clock: Clock;
  onChange(podUid: string): void;
  /** Every failed probe: becomes an Unhealthy event. */
  onFailure(podUid: string, container: string, kind: ProbeKind, message: string): void;
};

type Task = {
  podUid: string;
  containerId: string;
  kind: ProbeKind;
  probe: Probe;
  spec: ContainerSpec;
  podIP: string;
  successes: number;
  failures: number;
  cancel(): void;
};

export function createProber({ runtime, clock, onChange, onFailure }: ProberOptions): Prober {
  const tasks = new Map<string, Task>();
  const results = new Map<string, ProbeResult>();
  const podContainers = new Map<string, Set<string>>();

  const periodMs = ({ probe }: Task) => (probe.periodSeconds ?? 10) * 1000;
  const isCurrent = (task: Task) => tasks.get(keyOf(task)) === task;

  function schedule(task: Task, delayMs: number): void {
    task.cancel = clock.after(delayMs, () => void once(task));
  }

  async function once(task: Task): Promise<void> {
    const { containerId, probe, spec, podIP } = task;
    const failure = await runProbe(runtime, containerId, probe, spec, podIP);
    if (!isCurrent(task)) return;
    judge(task, failure);
    if (isCurrent(task)) schedule(task, periodMs(task));
  }

  function judge(task: Task, failure: string | undefined): void {
    task.successes = failure === undefined ? task.successes + 1 : 0;
    task.failures = failure === undefined ? 0 : task.failures + 1;
    if (failure !== undefined) onFailure(task.podUid, task.spec.name, task.kind, failure);
    if (task.successes >= (task.probe.successThreshold ?? 1)) set(task, true);
    else if (task.failures >= (task.probe.failureThreshold ?? 3)) set(task, false);
  }

  function set(task: Task, value: boolean): void {
    const result = results.get(task.containerId) ?? {};
    if (result[task.kind] === value) return;
    results.set(task.containerId, { ...result, [task.kind]: value });
    // A startup probe is asked until it succeeds once.
    if (task.kind === 'startup' && value) end(task);
    onChange(task.podUid);
  }

  function end(task: Task): void {
    task.cancel();
    tasks.delete(keyOf(task));
  }

  function want(podUid: string, targets: ProbeTargets): Task[] {
    return targets.running.flatMap(({ containerId, spec, started }) => {
      const { startupProbe: startup, livenessProbe: liveness, readinessProbe: readiness } = spec;
      const kinds: [ProbeKind, Probe | undefined][] = started
        ? [
            ['readiness', readiness],
            ...(targets.stopping ? [] : [['liveness', liveness] as [ProbeKind, Probe | undefined]]),
          ]
        : [['startup', targets.stopping ? undefined : startup]];
      const common = { podUid, containerId, spec, podIP: targets.podIP, successes: 0, failures: 0, cancel: () => {} };
      return kinds.flatMap(([kind, probe]) => (probe === undefined ? [] : [{ ...common, kind, probe }]));
    });
  }

  return {
    sync(podUid, targets) {
      const wanted = new Map(want(podUid, targets).map((task) => [keyOf(task), task]));
      for (const task of tasks.values()) if (task.podUid === podUid && !wanted.has(keyOf(task))) end(task);
      for (const [key, task] of wanted) {
        if (tasks.has(key)) continue;
        tasks.set(key, task);
        const target = targets.running.find(({ containerId }) => containerId === task.containerId)!;
        schedule(task, firstDelayMs(task, target.startedAtMs, clock.now()));
      }
      // Keep results of what runs; drop those of containers that are gone.
      const ids = new Set(targets.running.map(({ containerId }) => containerId));
      for (const id of podContainers.get(podUid) ?? []) if (!ids.has(id)) results.delete(id);
      if (ids.size > 0) podContainers.set(podUid, ids);
      else podContainers.delete(podUid);
    },
    results: (containerIds) => {
      const found = containerIds.map((id): [string, ProbeResult | undefined] => [id, results.get(id)]);
      return new Map(found.filter((entry): entry is [string, ProbeResult] => entry[1] !== undefined));
    },
    forget(podUid) {
      for (const task of tasks.values()) if (task.podUid === podUid) end(task);
      for (const id of podContainers.get(podUid) ?? []) results.delete(id);
      podContainers.delete(podUid);
    },
    stop() {
      for (const task of tasks.values()) end(task);
    },
  };
}

const keyOf = ({ containerId, kind }: Pick<Task, 'containerId' | 'kind'>) => `${containerId}/${kind}`;

/** The initial delay counts from the container's start, and is spent for one that is re-adopted. */
function firstDelayMs({ probe }: Task, startedAtMs: number, nowMs: number): number {
  const dueMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
  return Math.max(dueMs - nowMs, 0);
}
