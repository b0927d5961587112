import type { PodCondition, PodStatus } from '../../api/schema/types.d.ts';
import { formatTime } from '../../foundation/clock.ts';
import { resizeOf } from './resize.ts';
import { allNamed, members, type PodView } from './view.ts';

type Verdict = { status: 'True' | 'False'; reason?: string; message?: string };

/** The conditions the agent owns; all others (readiness gates, DisruptionTarget) are kept as they are. */
const owned = [
  ...['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'],
  ...['PodResizePending', 'PodResizeInProgress'],
];

/** Conditions of a pod for its container statuses; transition times are kept while a condition does not change. */
export function podConditions(view: PodView, status: PodStatus): PodCondition[] {
  const before = view.remembered.conditions ?? [];
  const ended = status.phase === 'Succeeded' || status.phase === 'Failed';
  const containersReady = ended ? endedVerdict(status) : readyVerdict(view, status);
  const sandbox = view.sandboxes[0];
  const verdicts: [string, Verdict][] = [
    ['PodReadyToStartContainers', { status: sandbox?.ready && !ended ? 'True' : 'False' }],
    ['Initialized', ended && status.phase === 'Succeeded' ? completed : initialized(view, status)],
    ['Ready', withGates(view, containersReady)],
    ['ContainersReady', containersReady],
    ['PodScheduled', { status: 'True' }],
    ...resizing(view),
  ];
  const others = before.filter(({ type }) => !owned.includes(type));
  return [...verdicts.map(([type, verdict]) => condition(view, before, type, verdict)), ...others];
}

const completed: Verdict = { status: 'True', reason: 'PodCompleted' };
const endedVerdict = ({ phase }: PodStatus): Verdict => ({
  status: 'False',
  reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed',
});

function condition(view: PodView, before: PodCondition[], type: string, verdict: Verdict): PodCondition {
  const old = before.find((condition) => condition.type === type);
  const changed = old?.status !== verdict.status;
  return {
    type,
    observedGeneration: view.pod.metadata?.generation,
    lastProbeTime: undefined,
    lastTransitionTime: changed ? formatTime(view.nowMs) : old.lastTransitionTime,
    ...verdict,
  };
}

/** Resizes that wait, and those that containers do not have yet: conditions that are there or not (KEP-1287). */
function resizing(view: PodView): [string, Verdict][] {
  const { pod, pendingResize } = view;
  const verdicts: [string, Verdict][] = [];
  if (pendingResize) verdicts.push(['PodResizePending', { status: 'True', ...pendingResize }]);
  const unresized = members(pod).some(({ spec }) => {
    const container = allNamed(view, spec.name)[0];
    return container?.state === 'running' && resizeOf(view, spec, container) !== 'none';
  });
  if (unresized) verdicts.push(['PodResizeInProgress', { status: 'True' }]);
  return verdicts;
}

function initialized(view: PodView, { initContainerStatuses = [] }: PodStatus): Verdict {
  const roles = new Map(members(view.pod).map(({ spec, role }) => [spec.name, role]));
  const pending = initContainerStatuses
    .filter(({ name, ready, started, state }) =>
      roles.get(name) === 'sidecar' ? !started && !state?.terminated : !ready,
    )
    .map(({ name }) => name);
  if (pending.length === 0) return { status: 'True' };
  const message = `containers with incomplete status: [${pending.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}

function readyVerdict(view: PodView, { containerStatuses = [], initContainerStatuses = [] }: PodStatus): Verdict {
  const roles = new Map(members(view.pod).map(({ spec, role }) => [spec.name, role]));
  const sidecars = initContainerStatuses.filter(({ name }) => roles.get(name) === 'sidecar');
  const unready = [...sidecars, ...containerStatuses].filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
}

/** Ready = its containers are, and every condition of `readinessGates` is True. */
function withGates(view: PodView, containersReady: Verdict): Verdict {
  if (containersReady.status === 'False') return containersReady;
  const conditions = view.remembered.conditions ?? [];
  const missing = (view.pod.spec!.readinessGates ?? [])
    .map(({ conditionType }) => conditionType)
    .filter((type) => conditions.find((condition) => condition.type === type)?.status !== 'True');
  if (missing.length === 0) return containersReady;
  const messages = missing.map((type) => `the status of pod readiness gate "${type}" is not "True", but False`);
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}
