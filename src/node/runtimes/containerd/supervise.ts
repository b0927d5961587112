import { isAlive } from '../../../foundation/process-id.ts';
import { connect } from './connection.ts';
import type { ContainerdOptions } from './process.ts';
import { createPulse } from './pulse.ts';

const checkEveryMs = 500;
const backOffMsMax = 30_000;

/**
 * Starts a containerd again when it died or hangs. An adopted one is nobody's child here, so its death is looked for,
 * twice a second; `onLook` is called each time. `restart` resolves to the new process.
 */
export function supervise(
  options: Pick<ContainerdOptions, 'socket' | 'log' | 'askEveryMs'>,
  firstPid: number,
  restart: () => Promise<number>,
  onLook: () => void,
) {
  let pid = firstPid;
  let backOffMs = 0;
  let notBeforeMs = 0;
  let busy = false;
  const connection = connect(options.socket);
  const pulse = createPulse(connection, options.askEveryMs);
  const check = async () => {
    onLook();
    if (busy) return;
    if (isAlive(pid) && pulse.isLost()) {
      options.log.warn('containerd lives and does not answer: it is killed, to be started again', { pid });
      signal(pid, 'SIGKILL');
      pulse.forget();
    }
    if (isAlive(pid) || performance.now() < notBeforeMs) return;
    busy = true;
    options.log.warn('containerd died and is started again; containers go on', { pid });
    backOffMs = Math.min(backOffMsMax, Math.max(1000, backOffMs * 2));
    notBeforeMs = performance.now() + backOffMs;
    try {
      pid = await restart();
      pulse.forget();
    } catch (error) {
      options.log.error('containerd could not be started', { error, retryInMs: backOffMs });
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(check, checkEveryMs);
  timer.unref();
  const release = () => {
    clearInterval(timer);
    connection.close();
  };
  return { pid: () => pid, release };
}

/** Nothing happens to a process that has ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
