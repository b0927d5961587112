import type { ColumnOf } from '../define.ts';
import { isSidecar } from '../pod-resources.ts';
import type { ContainerStatus, Pod } from '../schema/types.d.ts';
import { none, since } from '../table.ts';

/** What kubectl shows of a pod. Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, printPod. */
export const podColumns: ColumnOf<Pod>[] = [
  { name: 'Ready', type: 'string', value: (pod) => summarise(pod).ready },
  { name: 'Status', type: 'string', value: (pod) => summarise(pod).status },
  { name: 'Restarts', type: 'string', value: showRestarts },
  { name: 'IP', type: 'string', priority: 1, value: ({ status }) => status?.podIPs?.[0]?.ip || status?.podIP || none },
  { name: 'Node', type: 'string', priority: 1, value: ({ spec }) => spec?.nodeName || none },
  { name: 'Nominated Node', type: 'string', priority: 1, value: ({ status }) => status?.nominatedNodeName || none },
  { name: 'Readiness Gates', type: 'string', priority: 1, value: showReadinessGates },
];

type Summary = { ready: string; status: string; restarts: number; lastRestart: string | undefined };

/** Three columns of one row ask one after the other. */
const summaries = new WeakMap<Pod, Summary>();

function summarise(pod: Pod): Summary {
  let summary = summaries.get(pod);
  if (!summary) {
    summary = summariseAnew(pod);
    summaries.set(pod, summary);
  }
  return summary;
}

function summariseAnew(pod: Pod): Summary {
  const { spec, status } = pod;
  const sidecars = new Set((spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const total = (spec?.containers?.length ?? 0) + sidecars.size;
  const initial = summariseInit(pod, sidecars);
  const conditions = status?.conditions ?? [];
  const isGated = conditions.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  let reason = initial.reason ?? (isGated ? 'SchedulingGated' : status?.reason || status?.phase || 'Pending');
  let { ready, restarts, lastRestart } = initial;
  const initialized = conditions.some(({ type, status }) => type === 'Initialized' && status === 'True');
  if (initial.reason === undefined || initialized) {
    restarts = initial.sidecarRestarts;
    lastRestart = initial.sidecarLastRestart;
    let hasRunning = false;
    for (const container of [...(status?.containerStatuses ?? [])].reverse()) {
      restarts += container.restartCount ?? 0;
      lastRestart = later(lastRestart, container.lastState?.terminated?.finishedAt);
      const { waiting, terminated, running } = container.state ?? {};
      if (waiting?.reason) reason = waiting.reason;
      else if (terminated) reason = terminated.reason || signalOrCode(terminated);
      else if (container.ready && running) {
        hasRunning = true;
        ready++;
      }
    }
    // A pod that still has a running container is not completed, whatever the last one says.
    if (reason === 'Completed' && hasRunning)
      reason = conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ? 'Running' : 'NotReady';
  }
  if (pod.metadata.deletionTimestamp && status?.reason === 'NodeLost') reason = 'Unknown';
  else if (pod.metadata.deletionTimestamp && !['Succeeded', 'Failed'].includes(status?.phase ?? ''))
    reason = 'Terminating';
  return { ready: `${ready}/${total}`, status: reason, restarts, lastRestart };
}

function summariseInit({ spec, status }: Pod, sidecars: Set<string>) {
  const count = spec?.initContainers?.length ?? 0;
  const result = {
    reason: undefined as string | undefined,
    ready: 0,
    restarts: 0,
    lastRestart: undefined as string | undefined,
    sidecarRestarts: 0,
    sidecarLastRestart: undefined as string | undefined,
  };
  const statuses = status?.initContainerStatuses ?? [];
  for (const [index, container] of statuses.entries()) {
    const finished = container.lastState?.terminated?.finishedAt;
    result.restarts += container.restartCount ?? 0;
    result.lastRestart = later(result.lastRestart, finished);
    if (sidecars.has(container.name)) {
      result.sidecarRestarts += container.restartCount ?? 0;
      result.sidecarLastRestart = later(result.sidecarLastRestart, finished);
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecars.has(container.name) && container.started) {
      if (container.ready) result.ready++;
      continue;
    }
    if (terminated) result.reason = `Init:${terminated.reason || signalOrCode(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') result.reason = `Init:${waiting.reason}`;
    else result.reason = `Init:${index}/${count}`;
    break;
  }
  return result;
}

const signalOrCode = ({ signal, exitCode }: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>) =>
  signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;

const later = (a: string | undefined, b: string | undefined) =>
  a === undefined || (b !== undefined && Date.parse(b) > Date.parse(a)) ? b : a;

function showRestarts(pod: Pod, nowMs: number): string {
  const { restarts, lastRestart } = summarise(pod);
  return restarts > 0 && lastRestart ? `${restarts} (${since(lastRestart, nowMs)} ago)` : String(restarts);
}

function showReadinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return none;
  const isTrue = (gate: string) =>
    status?.conditions?.some((condition) => condition.type === gate && condition.status === 'True');
  return `${gates.filter(({ conditionType }) => isTrue(conditionType)).length}/${gates.length}`;
}
