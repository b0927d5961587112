import type { Pod } from '../../api/schema/types.d.ts';
import type { Container } from '../runtimes/runtime.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import type { PendingResize } from './allocation.ts';

/** Why a whole pod has to stop; `phase` and the texts are what its status shall say (eviction, deadline, refusal). */
export type StopOrder = {
  graceSeconds: number;
  sinceMs: number;
  /** The API object is to be deleted, or is gone already. */
  deleted: boolean;
  phase?: 'Failed';
  reason?: string;
  message?: string;
};

/** Why a container is not running although it should: `state.waiting` of its status. */
export type Problem = { reason: string; message: string };

/** What the agent remembers about a pod besides the runtime: all of it can be lost and found again. Times in ms. */
export type PodMemory = {
  pod: Pod;
  stop: StopOrder | undefined;
  /** As they are mounted; undefined before. */
  volumes: PodVolumes | undefined;
  /** Something that live volumes show has changed. */
  refreshDue: boolean;
  /** Volumes and cgroup are gone again. */
  released: boolean;
  /** Keys of operations under way: see `operationKey`. */
  busy: Set<string>;
  /** Names of containers whose image is being pulled: a stop does not wait for that. */
  pulling: Set<string>;
  /** How often an operation has failed since it last succeeded. */
  failures: Map<string, number>;
  /** When an operation that failed may be tried again. */
  retryAtMs: Map<string, number>;
  /** Containers being stopped: id to the time at which they are killed. */
  stopping: Map<string, number>;
  /** Sandboxes whose stop has succeeded. */
  stoppedSandboxes: Set<string>;
  /** The sandbox whose address has been told to the network room, by this agent: one before may have died in between. */
  networked: string | undefined;
  /** Restart delay in force per container name; see restart.ts. */
  backoffs: Map<string, number>;
  /** By container id: resources given since it was made; see resize.ts. */
  resized: Map<string, string>;
  /** Why the pod does not have what its spec asks for; `pod` says what it has. */
  pendingResize: PendingResize | undefined;
  /** By container name. */
  problems: Map<string, Problem>;
  /** Ids of containers whose hook has not ended: they do not count as started. */
  postStartPending: Set<string>;
  /** By container id: what the container left at its terminationMessagePath. */
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
  networked: undefined,
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
