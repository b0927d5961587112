import type { Pod } from '../api/schema/types.d.ts';
import type { Client } from '../client/client.ts';
import { type Clock, formatTime } from '../foundation/clock.ts';
import { createLane } from '../foundation/lane.ts';
import type { Log } from '../foundation/log.ts';
import { createRecorder } from '../reconcile/events.ts';
import type { PodInfo } from './pod-info.ts';
import { type Detail, detailMark } from './reasons.ts';

type Condition = { type: string; status: string; reason: string; message: string };

const writesAtOnceMax = 20;
const writesWaitingMax = 10_000;
const detailLengthMax = 4096;

export type Reporter = ReturnType<typeof createReporter>;

/** How pods and people learn what was decided: conditions and events. Nothing waits for them to be written. */
export function createReporter({ client, clock, log }: { client: Client; clock: Clock; log: Log }) {
  const record = createRecorder({ client, component: 'default-scheduler', clock, log });
  const lane = createLane(writesAtOnceMax, writesWaitingMax);

  function writeStatus({ uid, pod }: PodInfo, condition: Condition, nominatedNodeName?: string): void {
    const old = pod.status?.conditions?.find(({ type }) => type === condition.type);
    const isSame =
      old?.status === condition.status && old.reason === condition.reason && old.message === condition.message;
    if (isSame && nominatedNodeName === undefined) return;
    const time = formatTime(clock.now());
    const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? time) : time;
    const { namespace, name } = pod.metadata;
    const status = { conditions: [{ ...condition, lastTransitionTime }], nominatedNodeName };
    lane.run(`${uid} ${condition.type}`, async () => {
      const patch = { type: 'strategic' as const, body: { metadata: { uid }, status } };
      try {
        await client.patch('pods', { namespace, name }, patch, { subresource: 'status' });
      } catch (error) {
        log.debug('the status of a pod was not written', { namespace, pod: name, error });
      }
    });
  }

  return {
    scheduled({ pod, namespace, name, nodeName }: PodInfo): void {
      record(asObject(pod), 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
    },
    unschedulable(info: PodInfo, message: string, detail: Detail | undefined, nominatedNodeName?: string): void {
      record(asObject(info.pod), 'Warning', 'FailedScheduling', message);
      const suffix = detail === undefined ? '' : detailMark + JSON.stringify(detail);
      const full = message + (suffix.length <= detailLengthMax ? suffix : '');
      const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: full };
      writeStatus(info, condition, nominatedNodeName);
    },
    failed(info: PodInfo, message: string): void {
      record(asObject(info.pod), 'Warning', 'FailedScheduling', message);
      writeStatus(info, { type: 'PodScheduled', status: 'False', reason: 'SchedulerError', message });
    },
    gated(info: PodInfo): void {
      const message = 'Scheduling is blocked due to non-empty scheduling gates';
      writeStatus(info, { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message });
    },
    preempted(victim: PodInfo, by: PodInfo, nodeName: string): void {
      record(asObject(victim.pod), 'Normal', 'Preempted', `Preempted by pod ${by.uid} on node ${nodeName}`);
    },
  };
}

/** Objects of a cache always have their kind, which their type leaves open. */
const asObject = (pod: Pod) => pod as Pod & { metadata: { name: string } };
