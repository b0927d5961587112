import type { Pod } from '../../api/schema/types.d.ts';
import type { Container } from '../runtimes/runtime.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import type { PendingResize } from './allocation.ts';
import type { Problem, StopOrder } from './view.ts';

/** What the agent remembers about a pod besides the runtime: all of it can be lost and found again. See PodView. */
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

export const emptyMemory = (pod: Pod): PodMemory => ({
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

/** Forgets what was known of containers that are gone. */
export function forgetContainers({ messages, resized }: PodMemory, present: Container[]): void {
  const ids = new Set(present.map(({ id }) => id));
  for (const known of [messages, resized]) for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
}

/** When what a volume shows must be renewed next: tokens. */
export function refreshAtMs({ volumes }: Pick<PodMemory, 'volumes'>): number | undefined {
  const times = [...(volumes?.values() ?? [])].flatMap((volume) => volume.refreshAtMs ?? []);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** A later order may shorten the grace period and add deletion; it never takes back what an earlier one said. */
export function mergedStop(old: StopOrder | undefined, order: StopOrder): StopOrder {
  if (old === undefined) return order;
  const endMs = (value: StopOrder) => value.sinceMs + value.graceSeconds * 1000;
  const sooner = endMs(order) < endMs(old) ? order : old;
  const { phase, reason, message } = old.phase ? old : order;
  const { graceSeconds, sinceMs } = sooner;
  return { graceSeconds, sinceMs, deleted: old.deleted || order.deleted, phase, reason, message };
}
