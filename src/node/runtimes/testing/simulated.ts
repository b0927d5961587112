import type { Clock } from '../../../foundation/clock.ts';
import { ExecTimeout, type Runtime } from '../runtime.ts';
import { simulatedContainers } from './simulated/containers.ts';
import { createSimulatedImages } from './simulated/images.ts';
import { simulatedPods } from './simulated/pods.ts';
import { programOf } from './simulated/program.ts';
import { simulatedSession } from './simulated/sessions.ts';
import { createWorld, type World } from './simulated/world.ts';

export type SimulatedRuntimeOptions = {
  clock: Clock;
  /** Gives the next free address of the node's range; called once per sandbox that has its own network. */
  nextAddress(): string;
  /** Writes logs to the sandbox's log directory, which thousands of nodes would rather not. */
  writeLogs: boolean;
};

/**
 * Runs nothing and says it does: containers start at once, end as `programOf` says, are killed when stopped. No root,
 * no kernel, any number of nodes in one process. Keeps everything in memory.
 */
export function createSimulatedRuntime({ clock, nextAddress, writeLogs }: SimulatedRuntimeOptions): Runtime {
  const world = createWorld(clock);
  const images = createSimulatedImages();
  return {
    version: async () => ({ name: 'simulated', version: '1.0.0' }),
    status: async () => ({ ready: true, networkReady: true, message: '' }),
    ...simulatedPods(world, clock, nextAddress),
    ...simulatedContainers(world, { clock, images, writeLogs }),
    ...simulatedEntry(world),
    watch(onChange) {
      onChange({});
      return world.watch(onChange);
    },
    images,
    close: async () => world.close(),
  };
}

function simulatedEntry({ find }: World): Pick<Runtime, 'exec' | 'openExec' | 'openAttach' | 'openPort'> {
  return {
    async exec(containerId, command, timeoutMs) {
      if (find(containerId).container.state !== 'running') throw new Error(`container ${containerId} does not run`);
      const { endsAfterMs, exitCode, output } = programOf(command);
      if (endsAfterMs > timeoutMs) throw new ExecTimeout(`${command[0]} did not end within ${timeoutMs} ms`);
      return { exitCode, output };
    },
    async openExec(containerId, command, streams) {
      find(containerId);
      return simulatedSession(programOf(command), streams);
    },
    async openAttach(containerId, streams) {
      const { config } = find(containerId);
      return simulatedSession({ ...programOf([...config.command, ...config.args]), output: '' }, streams);
    },
    async openPort(_sandboxId, port) {
      throw new Error(`nothing listens on port ${port}: the pod is simulated`);
    },
  };
}
