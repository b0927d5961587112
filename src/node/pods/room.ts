import type { Node, Pod } from '../../api/schema/types.d.ts';
import { refusal } from './admit.ts';
import { allocate } from './allocation.ts';
import type { NodeContext } from './context.ts';
import { isStatic } from './static-pod.ts';
import type { PodWorker } from './worker.ts';

export type RoomOptions = {
  /** Every pod that the node is responsible for. */
  workers(): PodWorker[];
  /** The node as it would be registered now: what is asked for is compared with it. */
  node(): Node;
  /** Why a node under pressure does not take this pod now. */
  pressure(pod: Pod): string | undefined;
  /** What the API says of a pod now, which may ask for more than it has. */
  wanted(uid: string): Pod | undefined;
};

/** Who gets what of the node's resources: pods that come, and pods that are resized in place (KEP-1287). */
export type Room = {
  /** Ends a new pod that the node cannot take, saying why. One that ran before the agent restarted keeps its place. */
  admit(worker: PodWorker): void;
  /** Gives a pod what its spec asks for now, if the node has it beside the others. */
  resize(wanted: Pod, worker: PodWorker): void;
  /** After whatever may have left room: who waits for a larger size is asked again, the most important pod first. */
  retryResizes(): void;
};

export function createRoom(
  context: Pick<NodeContext, 'record' | 'records' | 'observed' | 'clock'>,
  { workers, node, pressure, wanted }: RoomOptions,
): Room {
  /** What holds resources beside one pod: not what has let go of them, and only its records are still there. */
  const othersThan = (uid: string): Pod[] =>
    workers().flatMap(({ memory: { pod, stop, released } }) =>
      pod.metadata.uid !== uid && !released && !isEnded(pod) && !stop?.phase ? [pod] : [],
    );

  function resize(pod: Pod, worker: PodWorker): void {
    const { memory } = worker;
    const given = allocate(pod, memory.pod, node(), othersThan(pod.metadata.uid!));
    if (given.pending && given.pending.reason !== memory.pendingResize?.reason)
      context.record(pod, 'Warning', `Resize${given.pending.reason}`, given.pending.message);
    memory.pendingResize = given.pending;
    worker.update(given.pod);
    if (memory.volumes !== undefined && !isStatic(given.pod))
      context.records.update({ pod: given.pod, volumes: memory.volumes });
  }

  return {
    resize,
    retryResizes() {
      const waiting = workers().filter(({ memory }) => memory.pendingResize?.reason === 'Deferred');
      const priority = ({ memory }: PodWorker) => memory.pod.spec!.priority ?? 0;
      for (const worker of waiting.sort((a, b) => priority(b) - priority(a))) {
        const pod = wanted(worker.memory.pod.metadata.uid!);
        if (pod !== undefined) resize(pod, worker);
      }
    },
    admit(worker) {
      const { pod } = worker.memory;
      const uid = pod.metadata.uid!;
      if (context.observed.ofPod(uid).length > 0 || pod.metadata.deletionTimestamp || isEnded(pod)) return;
      const pressed = pressure(pod);
      const refused = pressed ? { reason: 'Evicted', message: pressed } : refusal(pod, node(), othersThan(uid));
      if (refused === undefined) return;
      const { reason, message } = refused;
      context.record(pod, 'Warning', reason, message);
      worker.stop({
        ...{ graceSeconds: 0, sinceMs: context.clock.now(), deleted: false },
        ...{ phase: 'Failed', reason, message: `Pod was rejected: ${message}` },
      });
    },
  };
}

const isEnded = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed';
