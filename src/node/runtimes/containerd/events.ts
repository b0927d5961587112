import { setTimeout as sleep } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import type { Log } from '../../../foundation/log.ts';
import type { Runtime } from '../runtime.ts';
import { type Connection, isNotFound, schemaNamed } from './connection.ts';
import type { Envelope, TaskExit } from './protocol/messages.ts';
import { isExited, isReady } from './responses.ts';

type OnChange = Parameters<Runtime['watch']>[0];

const filters = ['namespace==k8s.io,topic~="/tasks/(start|exit|oom)"'];
const backOffMsMax = 5000;
/** CRI learns of an exit a few milliseconds after the event: ask until it knows, at most this long. */
const settleMsMax = 2000;

/**
 * Tells of every start and exit within milliseconds. After each (re)connection it calls back with no id at all, at once and
 * a little later: anything may have changed meanwhile, so read everything.
 */
export function watchTasks(connection: Connection, log: Log, onChange: OnChange): () => void {
  let cancelled = false;
  let cancel = () => {};
  let backOffMs = 50;
  let later: NodeJS.Timeout | undefined;

  const tell = async (event: Envelope) => {
    const exited = event.topic === '/tasks/exit';
    const payload = event.event?.value ?? new Uint8Array();
    const task = fromBinary(schemaNamed(exited ? 'TaskExit' : 'TaskEvent'), payload) as unknown as TaskExit;
    // An exec's exit is not the container's.
    if (exited && task.id !== task.containerId) return;
    const isSandbox = await settle(connection, task.containerId, exited);
    if (!cancelled) onChange(isSandbox ? { sandboxId: task.containerId } : { containerId: task.containerId });
  };
  const all = () => {
    if (!cancelled) onChange({});
  };
  /** Again when CRI must know of what was announced just before the subscription, and to nobody. */
  const tellAll = () => {
    all();
    later = setTimeout(all, settleMsMax).unref();
  };
  const open = () => {
    if (cancelled) return;
    const receive = (event: Envelope) => {
      backOffMs = 50;
      tell(event).catch((error) => {
        log.warn('an event of containerd could not be read', { error });
        all();
      });
    };
    const reopen = (error: Error) => {
      clearTimeout(later);
      if (cancelled) return;
      log.debug('the event stream of containerd broke; connecting again', { error: error.message, inMs: backOffMs });
      setTimeout(open, backOffMs).unref();
      backOffMs = Math.min(backOffMsMax, backOffMs * 2);
    };
    cancel = connection.subscribe(filters, receive, reopen);
    // The subscription is in force once a later call on the same connection was answered.
    connection.call('Version', {}).then(tellAll, () => {});
  };
  open();
  return () => {
    cancelled = true;
    cancel();
  };
}

/** Waits until CRI's own state shows the exit. True when the id is a sandbox's. */
async function settle(connection: Connection, id: string, exited: boolean): Promise<boolean> {
  const untilMs = performance.now() + settleMsMax;
  for (let pauseMs = 1; ; pauseMs = Math.min(200, pauseMs * 2)) {
    const container = await connection.call('ContainerStatus', { containerId: id }).catch(absent);
    const sandbox = container
      ? undefined
      : await connection.call('PodSandboxStatus', { podSandboxId: id }).catch(absent);
    const settled = container ? isExited(container.status) : !isReady(sandbox?.status);
    if (!exited || settled || performance.now() > untilMs) return container === undefined;
    await sleep(pauseMs);
  }
}

function absent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}
