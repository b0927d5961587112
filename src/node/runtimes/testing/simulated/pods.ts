import type { Clock } from '../../../../foundation/clock.ts';
import type { Runtime, Sandbox, SandboxConfig } from '../../runtime.ts';
import type { SimulatedPod, World } from './world.ts';

type PodCalls = Pick<Runtime, 'runPod' | 'stopPod' | 'removePod' | 'listPods'>;

const killedCode = 137;

/** Sandboxes: there at once, with the next free address. */
export function simulatedPods(world: World, clock: Clock, nextAddress: () => string): PodCalls {
  const { pods, tell } = world;

  async function stopPod(sandboxId: string): Promise<void> {
    const pod = pods.get(sandboxId);
    if (!pod?.sandbox.ready) return;
    for (const running of pod.containers.values()) world.end(running, killedCode);
    Object.assign(pod.sandbox, { ready: false, ips: [] });
    tell({ sandboxId });
  }

  return {
    stopPod,
    async runPod(config) {
      const id = world.nextId();
      const ips = config.hostNetwork ? [] : [nextAddress()];
      const sandbox = sandboxFrom(id, config, ips, clock.now());
      pods.set(id, { sandbox, logDirectory: config.logDirectory, containers: new Map() });
      tell({ sandboxId: id });
      return id;
    },
    async removePod(sandboxId) {
      await stopPod(sandboxId);
      pods.delete(sandboxId);
    },
    async listPods(sandboxId) {
      return [...pods.values()]
        .filter(({ sandbox }) => sandboxId === undefined || sandbox.id === sandboxId)
        .map(snapshot);
    },
  };
}

const snapshot = ({ sandbox, containers }: SimulatedPod): Sandbox => ({
  ...sandbox,
  containers: [...containers.values()].map(({ container }) => ({ ...container })),
});

function sandboxFrom(id: string, config: SandboxConfig, ips: string[], createdAtMs: number): Sandbox {
  const { name, namespace, uid, attempt, labels, annotations } = config;
  return { id, name, namespace, uid, attempt, ready: true, createdAtMs, ips, labels, annotations, containers: [] };
}
