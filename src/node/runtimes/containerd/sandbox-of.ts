import type { Connection } from './connection.ts';

/** Which sandbox a container is in: it never changes, and CRI's ContainerStatus does not say it. */
export type SandboxOf = {
  /** Asks the runtime what nobody has told yet; undefined when there is no such container. */
  find(containerId: string): Promise<string | undefined>;
  put(containerId: string, sandboxId: string): void;
  forget(containerId: string): void;
};

export function createSandboxOf({ call }: Pick<Connection, 'call'>): SandboxOf {
  const known = new Map<string, string>();
  return {
    async find(containerId) {
      const told = known.get(containerId);
      if (told !== undefined) return told;
      const { containers } = await call('ListContainers', { filter: { id: containerId } });
      const found = containers.find(({ id }) => id === containerId)?.podSandboxId;
      if (found !== undefined) known.set(containerId, found);
      return found;
    },
    put: (containerId, sandboxId) => void known.set(containerId, sandboxId),
    forget: (containerId) => void known.delete(containerId),
  };
}
