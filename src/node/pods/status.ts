import { qosClass } from '../../api/pods/qos.ts';
import type {
  Container as ContainerSpec,
  ContainerState,
  ContainerStatus,
  PodStatus,
  ResourceRequirements,
  VolumeMount,
  VolumeMountStatus,
} from '../../api/schema/types.d.ts';
import { formatTime } from '../../foundation/clock.ts';
import type { Container } from '../runtimes/runtime.ts';
import { podConditions } from './conditions.ts';
import type { Decision } from './decision.ts';
import type { Problem } from './memory.ts';
import { lostExitCode, outcome, rememberedStatus } from './outcome.ts';
import { appliedText } from './resize.ts';
import { restarts } from './restart.ts';
import { allNamed, isStarted, type Member, members, newestIn, type PodView, rememberedOf } from './view.ts';

/**
 * The status of a pod as the API shall show it. Pure: the same view gives the same status, so that comparing with what
 * was last written tells whether a write is needed.
 */
export function podStatus(view: PodView, decision: Decision): PodStatus {
  const all = members(view.pod);
  const statusOf = (member: Member) => containerStatus(view, decision, member);
  const of = (...roles: string[]) => all.filter(({ role }) => roles.includes(role)).map(statusOf);
  const containerStatuses = of('main');
  const initContainerStatuses = of('init', 'sidecar');
  const ephemeralContainerStatuses = of('ephemeral');
  const phase = podPhase(view, containerStatuses, initContainerStatuses);
  const ips = podIPs(view);
  const order = view.stop?.phase ? view.stop : undefined;
  const status: PodStatus = {
    ...foreign(view.remembered),
    phase,
    observedGeneration: view.pod.metadata?.generation,
    hostIP: view.hostIP,
    hostIPs: [{ ip: view.hostIP }],
    startTime: view.remembered.startTime ?? formatTime(view.nowMs),
    qosClass: view.remembered.qosClass ?? qosClass(view.pod),
    reason: order?.reason ?? view.remembered.reason,
    message: order?.message ?? view.remembered.message,
    containerStatuses,
  };
  if (ips.length > 0) Object.assign(status, { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) });
  if (initContainerStatuses.length > 0) status.initContainerStatuses = initContainerStatuses;
  if (ephemeralContainerStatuses.length > 0) status.ephemeralContainerStatuses = ephemeralContainerStatuses;
  status.conditions = podConditions(view, status);
  return withoutUndefined(status);
}

/** What others write into a pod's status and the agent must keep. */
function foreign(remembered: PodStatus): PodStatus {
  const { nominatedNodeName, resourceClaimStatuses, extendedResourceClaimStatus } = remembered;
  return { nominatedNodeName, resourceClaimStatuses, extendedResourceClaimStatus };
}

const withoutUndefined = (status: PodStatus): PodStatus =>
  Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined)) as PodStatus;

function podIPs(view: PodView): string[] {
  if (view.pod.spec!.hostNetwork) return [view.hostIP];
  const sandbox = view.sandboxes[0];
  if (sandbox?.ready && sandbox.ips.length > 0) return sandbox.ips;
  return sandbox === undefined || view.stop ? (view.remembered.podIPs ?? []).map(({ ip }) => ip) : [];
}

/** Pending, Running, Succeeded or Failed (core/v1 PodPhase). A pod that is being stopped ends only when all has stopped. */
function podPhase(view: PodView, containers: ContainerStatus[], inits: ContainerStatus[]): PodStatus['phase'] {
  const remembered = view.remembered.phase;
  if (remembered === 'Succeeded' || remembered === 'Failed') return remembered;
  const running = [...containers, ...inits].some(({ state }) => state?.running);
  if (view.stop?.phase && !running) return view.stop.phase;
  const ended = outcome(view);
  if (ended !== undefined) return running ? 'Running' : ended;
  const everRan = containers.some(
    ({ state, lastState }) => state?.running || state?.terminated || lastState?.terminated,
  );
  // One that was stopped before anything ran has ended, too, once nothing of it is left: who counts pods waits for it.
  if (view.stop && !running && (everRan || view.released)) return endedPhase(containers);
  const waiting = containers.some(({ state, lastState }) => state?.waiting && !lastState?.terminated);
  return everRan && !waiting ? 'Running' : 'Pending';
}

/** A deleted pod whose containers have all stopped has ended, whatever its restart policy. */
function endedPhase(containers: ContainerStatus[]): 'Succeeded' | 'Failed' {
  const ok = containers.every(({ state, lastState }) => (state?.terminated ?? lastState?.terminated)?.exitCode === 0);
  return ok ? 'Succeeded' : 'Failed';
}

function containerStatus(view: PodView, decision: Decision, member: Member): ContainerStatus {
  const { spec } = member;
  const [newest, previous] = allNamed(view, spec.name);
  const base = { name: spec.name, image: spec.image ?? '', imageID: newest?.imageId ?? '', restartCount: 0 };
  const old = rememberedStatus(view, spec.name);
  if (newest === undefined && old?.containerID) return forgotten(view, decision, member, old);
  const problem = decision.waiting.get(spec.name) ?? view.problems.get(spec.name);
  const status: ContainerStatus = {
    ...base,
    restartCount: newest?.attempt ?? 0,
    ready: false,
    started: isStarted(view, spec, newest),
    state: newest === undefined ? {} : stateOf(view, newest),
    lastState: previous ? stateOf(view, previous) : {},
  };
  if (spec.volumeMounts?.length) status.volumeMounts = spec.volumeMounts.map(mountStatus);
  if (newest) status.containerID = `containerd://${newest.id}`;
  if (previous === undefined && old?.lastState && newest && old.restartCount === newest.attempt)
    status.lastState = old.lastState;
  if (isWaiting(view, member, newest)) {
    if (newest?.state === 'exited') status.lastState = status.state;
    status.state = { waiting: problem ?? defaultProblem(view) };
  }
  status.ready = isReady(view, member, newest);
  addResources(view, status, spec, newest);
  return status;
}

/** No container whose mounts below a read-only one must be so, too, is started (node/volumes). */
const mountStatus = ({ name, mountPath, readOnly }: VolumeMount): VolumeMountStatus =>
  readOnly ? { name, mountPath, readOnly, recursiveReadOnly: 'Disabled' } : { name, mountPath };

/** Not running now, but it shall: with the reason known, or because nothing of it exists yet. */
function isWaiting(view: PodView, { spec, role }: Member, newest: Container | undefined): boolean {
  if (newest === undefined || newest.state === 'created' || newest.state === 'unknown') return true;
  if (newest.state === 'running' || view.stop !== undefined) return false;
  const inNewest = newestIn(view.sandboxes[0], spec.name) === newest;
  return (
    (restarts(view.pod, spec, role, newest.exitCode) || (role === 'init' && !inNewest)) && outcome(view) === undefined
  );
}

/** With init containers the whole pod initialises: they and all after them say so. */
function defaultProblem(view: PodView): Problem | { reason: string } {
  const hasInits = members(view.pod).some((member) => member.role === 'init' || member.role === 'sidecar');
  return { reason: hasInits ? 'PodInitializing' : 'ContainerCreating' };
}

/** The runtime has no record (a wiped disk, a collected container): say what the API last knew. */
function forgotten(view: PodView, decision: Decision, { spec, role }: Member, old: ContainerStatus): ContainerStatus {
  const message = 'The container could not be located: its record in the container runtime is gone';
  const terminated =
    old.state?.terminated ??
    (old.state?.running ? { exitCode: lostExitCode, reason: 'ContainerStatusUnknown', message } : undefined);
  const status = { ...old, ready: role === 'init' && terminated?.exitCode === 0, started: false };
  const again = restarts(view.pod, spec, role, terminated?.exitCode ?? 0) && view.stop === undefined;
  if (terminated !== undefined && (!again || outcome(view) !== undefined)) return { ...status, state: { terminated } };
  const waiting = decision.waiting.get(spec.name) ?? view.problems.get(spec.name) ?? defaultProblem(view);
  return { ...status, state: { waiting }, lastState: terminated ? { terminated } : (old.lastState ?? {}) };
}

function isReady(view: PodView, { spec, role }: Member, container: Container | undefined): boolean {
  if (role === 'ephemeral') return false;
  if (role === 'init') return container?.state === 'exited' && container.exitCode === 0;
  if (!isStarted(view, spec, container)) return false;
  const answered = view.probes.get(container!.id)?.readiness ?? rememberedOf(view, container!)?.ready;
  return spec.readinessProbe === undefined || answered === true;
}

function stateOf(view: PodView, container: Container): ContainerState {
  if (container.state === 'running') return { running: { startedAt: formatTime(container.startedAtMs) } };
  if (container.state !== 'exited') return {};
  const message = view.messages.get(container.id) || container.message || undefined;
  return {
    terminated: {
      exitCode: container.exitCode,
      reason: container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
      ...(message ? { message } : {}),
      startedAt: formatTime(container.startedAtMs || container.createdAtMs),
      finishedAt: formatTime(container.finishedAtMs),
      containerID: `containerd://${container.id}`,
    },
  };
}

/**
 * What the container has, which during a resize is not yet what its spec says. Always there once the container is:
 * clients read it of any container, also of one that asks for nothing.
 */
function addResources(
  view: PodView,
  status: ContainerStatus,
  spec: ContainerSpec,
  container: Container | undefined,
): void {
  if (container === undefined) return;
  const wanted: ResourceRequirements = spec.resources ?? {};
  const applied = appliedText(view, container);
  const actual: ResourceRequirements = applied === undefined ? wanted : JSON.parse(applied);
  status.resources = {};
  for (const part of ['limits', 'requests'] as const)
    if (wanted[part]) status.resources[part] = { ...wanted[part], ...JSON.parse(JSON.stringify(actual[part] ?? {})) };
  if (wanted.requests) status.allocatedResources = status.resources.requests;
}
