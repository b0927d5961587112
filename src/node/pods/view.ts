import type {
  Container as ContainerSpec,
  ContainerStatus,
  EphemeralContainer,
  Pod,
  PodStatus,
} from '../../api/schema/types.d.ts';
import type { ProbeResult } from '../probes/prober.ts';
import type { Container, Sandbox } from '../runtimes/runtime.ts';
import type { PodMemory } from './memory.ts';

/** The same, which nobody who only decides may change. */
type ReadOnly<T> = {
  readonly [Key in keyof T]: T[Key] extends Map<infer Name, infer Value>
    ? ReadonlyMap<Name, Value>
    : T[Key] extends Set<infer Value>
      ? ReadonlySet<Value>
      : T[Key];
};

/** Everything that decisions about one pod, and its status, are made of: plain data, times in milliseconds. */
export type PodView = ReadOnly<Omit<PodMemory, 'volumes' | 'failures'>> & {
  nowMs: number;
  /** Newest attempt first. */
  sandboxes: Sandbox[];
  /** Volumes are mounted and the pod's cgroup exists. */
  prepared: boolean;
  /** By container id. */
  probes: ReadonlyMap<string, ProbeResult>;
  /** The status that the API last had: what the runtime no longer knows. */
  remembered: PodStatus;
  hostIP: string;
};

export type Role = 'init' | 'sidecar' | 'main' | 'ephemeral';
export type Member = { spec: ContainerSpec; role: Role };

/** Every container of a pod, in start order. */
export function members(pod: Pod): Member[] {
  const spec = pod.spec!;
  return [
    ...(spec.ephemeralContainers ?? []).map((container) => ({
      spec: asContainer(container),
      role: 'ephemeral' as Role,
    })),
    ...(spec.initContainers ?? []).map((container) => ({ spec: container, role: initRole(container) })),
    ...spec.containers.map((container) => ({ spec: container, role: 'main' as Role })),
  ];
}

const asContainer = (container: EphemeralContainer): ContainerSpec => container as ContainerSpec;
const initRole = (container: ContainerSpec): Role => (container.restartPolicy === 'Always' ? 'sidecar' : 'init');

/** The newest container of that name in one sandbox. */
export function newestIn(sandbox: Sandbox | undefined, name: string): Container | undefined {
  return sandbox?.containers.filter((container) => container.name === name).sort(byAttempt)[0];
}

/** All containers of that name in any sandbox, newest first. */
export function allNamed(view: Pick<PodView, 'sandboxes'>, name: string): Container[] {
  return view.sandboxes
    .flatMap((sandbox) => sandbox.containers)
    .filter((container) => container.name === name)
    .sort(byAttempt);
}

const byAttempt = (a: Container, b: Container) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs;

/** Has the container passed its startup probe and its postStart hook? Only then do others count on it. */
export function isStarted(view: PodView, spec: ContainerSpec, container: Container | undefined): boolean {
  if (container?.state !== 'running' || view.postStartPending.has(container.id)) return false;
  const passed = view.probes.get(container.id)?.startup ?? rememberedOf(view, container)?.started;
  return spec.startupProbe === undefined || passed === true;
}

/**
 * What the API last said of this very container: until the first probes after a restart of the agent have answered,
 * it counts, so that an upgrade makes no pod unready.
 */
export function rememberedOf(
  { remembered }: Pick<PodView, 'remembered'>,
  { id }: Container,
): ContainerStatus | undefined {
  const all = [...(remembered.containerStatuses ?? []), ...(remembered.initContainerStatuses ?? [])];
  return all.find(({ containerID }) => containerID === `containerd://${id}`);
}

export const operationKey = {
  prepare: 'prepare',
  sandbox: 'sandbox',
  network: 'network',
  release: 'release',
  start: (name: string) => `start/${name}`,
  stop: (containerId: string) => `stop/${containerId}`,
  remove: (id: string) => `remove/${id}`,
  resize: (id: string) => `resize/${id}`,
};
