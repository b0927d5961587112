import type { Pod } from '../../api/schema/types.d.ts';
import type { Client } from '../../client/client.ts';
import { type Clock, formatTime } from '../../foundation/clock.ts';
import { createLane } from '../../foundation/lane.ts';
import type { Log } from '../../foundation/log.ts';

/** How long the containers of a pod run, in seconds, and how they end: `succeeded` (when not said) or `failed`. */
const durationAnnotation = 'rempart.io/simulated-seconds';
const outcomeAnnotation = 'rempart.io/simulated-outcome';

/** What is to run to completion, and does not say how long it takes. */
const defaultSeconds = 1;
const writesAtOnceMax = 64;
const writesWaitingMax = 100_000;

type Outcome = 'Succeeded' | 'Failed';

/**
 * Moves pods on as an agent would: Pending pods run and are ready at once; what has a duration, or does not restart for
 * ever, ends after it; what is asked to go is gone at once.
 */
export function createPodPlayer({ client, clock, log }: { client: Client; clock: Clock; log: Log }) {
  const lane = createLane(writesAtOnceMax, writesWaitingMax);
  const timers = new Map<string, () => void>();
  let addresses = 0;

  function see(pod: Pod): void {
    const { uid = '', deletionTimestamp } = pod.metadata;
    const phase = pod.status?.phase ?? 'Pending';
    if (deletionTimestamp !== undefined) act(pod, () => remove(pod));
    else if (phase === 'Pending')
      act(pod, () => write(pod, runningStatus(pod, nextAddress(), formatTime(clock.now()))));
    else if (phase === 'Running' && !timers.has(uid)) plan(pod, uid);
  }

  function plan(pod: Pod, uid: string): void {
    const seconds = secondsOf(pod);
    if (seconds === undefined) return;
    const outcome = pod.metadata.annotations?.[outcomeAnnotation] === 'failed' ? 'Failed' : 'Succeeded';
    const end = () => act(pod, () => write(pod, endedStatus(pod, outcome, formatTime(clock.now()))));
    timers.set(uid, clock.after(seconds * 1000, end));
  }

  function forget({ metadata: { uid = '' } }: Pod): void {
    timers.get(uid)?.();
    timers.delete(uid);
  }

  function act(pod: Pod, task: () => Promise<unknown>): void {
    const { uid = '', namespace, name } = pod.metadata;
    lane.run(uid, async () => {
      try {
        await task();
      } catch (error) {
        log.debug('a simulated pod was not moved on', { namespace, pod: name, error });
      }
    });
  }

  const remove = ({ metadata: { namespace, name, uid } }: Pod) =>
    client.delete('pods', { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });

  const write = ({ metadata: { namespace, name, uid } }: Pod, status: object) =>
    client.patch(
      'pods',
      { namespace, name },
      { type: 'merge', body: { metadata: { uid }, status } },
      { subresource: 'status' },
    );

  function nextAddress(): string {
    addresses = (addresses + 1) % 2 ** 22;
    return `100.${64 + (addresses >>> 16)}.${(addresses >>> 8) & 255}.${addresses & 255}`;
  }

  return {
    see,
    forget,
    stop() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}

function secondsOf({ metadata, spec }: Pod): number | undefined {
  const stated = Number(metadata.annotations?.[durationAnnotation] ?? Number.NaN);
  if (stated >= 0 && stated < 1e6) return stated;
  return spec?.restartPolicy === 'Always' ? undefined : defaultSeconds;
}

type Statuses = NonNullable<Pod['status']>;

function conditionsOf({ status }: Pod, ready: boolean, time: string) {
  const values = { Initialized: true, Ready: ready, ContainersReady: ready };
  const others = (status?.conditions ?? []).filter(({ type }) => !(type in values));
  const own = Object.entries(values).map(([type, value]) => ({
    type,
    status: value ? 'True' : 'False',
    lastTransitionTime: time,
  }));
  return [...others, ...own];
}

function runningStatus(pod: Pod, podIP: string, time: string): Statuses {
  const containerStatuses = (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
    ...{ name, image, imageID: image, containerID: `simulated://${pod.metadata.uid}-${name}` },
    ...{ ready: true, started: true, restartCount: 0, state: { running: { startedAt: time } } },
  }));
  const conditions = conditionsOf(pod, true, time);
  return { phase: 'Running', startTime: time, podIP, podIPs: [{ ip: podIP }], conditions, containerStatuses };
}

function endedStatus(pod: Pod, outcome: Outcome, time: string): Statuses {
  const exitCode = outcome === 'Failed' ? 1 : 0;
  const reason = outcome === 'Failed' ? 'Error' : 'Completed';
  const terminated = { exitCode, reason, startedAt: pod.status?.startTime ?? time, finishedAt: time };
  const containerStatuses = (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
    ...{ name, image, imageID: image, containerID: `simulated://${pod.metadata.uid}-${name}` },
    ...{ ready: false, started: false, restartCount: 0, state: { terminated } },
  }));
  return { phase: outcome, conditions: conditionsOf(pod, false, time), containerStatuses };
}
