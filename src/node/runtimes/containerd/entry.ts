import { createPlaces, type Places } from '../../places.ts';
import { ExecTimeout, type Runtime, type SpdyTarget } from '../runtime.ts';
import { type Connection, isTimeout } from './connection.ts';
import type { SandboxOf } from './sandbox-of.ts';
import { openPort, openSession, openSpdy } from './sessions.ts';

/**
 * containerd stalls for half a minute when about 28 execs run at once in one pod: 16 are let in. Half of them are for
 * probes and hooks, so that people's long sessions cannot make a pod unhealthy.
 */
const commandsPerPodMax = 8;
const sessionsPerPodMax = 8;
/** Probes and hooks wait for their place; people are told at once. */
const commandsWaitingMax = 256;
const outputBytesMax = 16 * 1024;

type Entry = Required<Pick<Runtime, 'exec' | 'openExec' | 'openAttach' | 'openPort' | 'openSpdy'>>;

/** How commands and people get into containers: so many at once per pod. */
export function createEntry(connection: Connection, sandboxOf: Pick<SandboxOf, 'find'>): Entry {
  const commands = createPlaces('commands', commandsPerPodMax, commandsWaitingMax);
  const sessions = createPlaces('sessions', sessionsPerPodMax, 0);

  const enter = async (places: Places, containerId: string) =>
    places.enter((await sandboxOf.find(containerId)) ?? containerId);
  const openInPlace = async (target: Exclude<SpdyTarget, { kind: 'portForward' }>) => {
    const leave = await enter(sessions, target.containerId);
    const session = await openSession(connection, target).catch((error) => {
      leave();
      throw error;
    });
    session.done.then(leave, leave);
    return session;
  };

  return {
    async exec(containerId, command, timeoutMs) {
      const leave = await enter(commands, containerId);
      return execSync(connection, containerId, command, timeoutMs).finally(leave);
    },
    openExec: (containerId, command, streams) => openInPlace({ kind: 'exec', containerId, command, streams }),
    openAttach: (containerId, streams) => openInPlace({ kind: 'attach', containerId, streams }),
    openPort: (sandboxId, port) => openPort(connection, sandboxId, port),
    async openSpdy(target, protocols) {
      const leave = target.kind === 'portForward' ? () => {} : await enter(sessions, target.containerId);
      const opened = await openSpdy(connection, target, protocols).catch((error) => {
        leave();
        throw error;
      });
      opened.connection.once('close', leave);
      return opened;
    },
  };
}

/** CRI's timeout counts whole seconds, so the call's own deadline carries the milliseconds. */
async function execSync({ call }: Connection, containerId: string, cmd: string[], timeoutMs: number) {
  const request = { containerId, cmd, timeout: BigInt(Math.max(1, Math.ceil(timeoutMs / 1000))) };
  const response = await call('ExecSync', request, timeoutMs).catch((error: unknown) => {
    if (isTimeout(error)) throw new ExecTimeout(`${cmd[0]} did not end within ${timeoutMs} ms`, { cause: error });
    throw error;
  });
  const output = Buffer.concat([response.stdout, response.stderr]).subarray(0, outputBytesMax).toString();
  return { exitCode: response.exitCode, output };
}
