import type { Clock } from '../../../../foundation/clock.ts';
import type { Container, ContainerConfig, Runtime, Sandbox } from '../../runtime.ts';

export type SimulatedContainer = { container: Container; config: ContainerConfig; cancel: () => void };
export type SimulatedPod = { sandbox: Sandbox; logDirectory: string; containers: Map<string, SimulatedContainer> };
type Watcher = Parameters<Runtime['watch']>[0];

/** What exists in a simulated runtime, and who hears of changes. */
export type World = {
  pods: Map<string, SimulatedPod>;
  nextId(): string;
  /** Throws when there is none. */
  find(containerId: string): SimulatedContainer;
  podOf(containerId: string): SimulatedPod | undefined;
  containers(): SimulatedContainer[];
  /** A container has ended; one that had before stays as it was. */
  end(ended: SimulatedContainer, exitCode: number): void;
  tell: Watcher;
  watch(watcher: Watcher): () => void;
  close(): void;
};

export function createWorld(clock: Clock): World {
  const pods = new Map<string, SimulatedPod>();
  const watchers = new Set<Watcher>();
  let lastId = 0;
  const podOf = (containerId: string) => [...pods.values()].find(({ containers }) => containers.has(containerId));
  const containers = () => [...pods.values()].flatMap((pod) => [...pod.containers.values()]);
  const tell: Watcher = (change) => {
    for (const watcher of watchers) watcher(change);
  };
  return {
    ...{ pods, podOf, containers, tell },
    // 64 hexadecimal digits, as containerd's ids are.
    nextId: () => (++lastId).toString(16).padStart(64, '0'),
    find(containerId) {
      const found = podOf(containerId)?.containers.get(containerId);
      if (found === undefined) throw new Error(`no container ${containerId}`);
      return found;
    },
    end({ container, cancel }, exitCode) {
      cancel();
      if (container.state !== 'running' && container.state !== 'created') return;
      const reason = exitCode === 0 ? 'Completed' : 'Error';
      Object.assign(container, { state: 'exited', exitCode, reason, finishedAtMs: clock.now() });
      tell({ containerId: container.id });
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    close() {
      watchers.clear();
      for (const { cancel } of containers()) cancel();
    },
  };
}
