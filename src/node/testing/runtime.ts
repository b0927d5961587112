import { EventEmitter } from 'node:events';
import type { Container, Image, Runtime, Sandbox } from '../runtimes/runtime.ts';

/** A runtime in memory whose containers do what a test says. */
export type TestRuntime = Runtime & {
  sandboxes: Map<string, Sandbox>;
  /** Everything that was asked, in order: `start web`, `stop web 30`. */
  calls: string[];
  /** Ends a container of that name as if its program had ended. */
  exit(name: string, exitCode: number): void;
  /** The sandbox's pause process dies. */
  killSandbox(podName: string): void;
  find(name: string): Container | undefined;
  /** Answers execs; without it they succeed. */
  onExec: ((name: string, command: string[]) => { exitCode: number; output: string }) | undefined;
  failing: Map<string, Error>;
};

export function createTestRuntime(images: string[] = ['web:1', 'init:1', 'side:1']): TestRuntime {
  const sandboxes = new Map<string, Sandbox>();
  const changes = new EventEmitter();
  const calls: string[] = [];
  const present = new Map<string, Image>();
  const failing = new Map<string, Error>();
  let counter = 0;
  const addImage = (name: string) =>
    present.set(name, { id: `sha256:${name}`, tags: [name], digests: [], sizeBytes: 1, user: '', pinned: false });
  for (const name of images) addImage(name);

  const containers = () => [...sandboxes.values()].flatMap((sandbox) => sandbox.containers);
  const byId = (id: string) => containers().find((container) => container.id === id);
  const tell = (change: { sandboxId?: string; containerId?: string }) => changes.emit('change', change);
  function asked(what: string): void {
    calls.push(what);
    const error = failing.get(what);
    if (error) throw error;
  }
  function finish(container: Container, exitCode: number): void {
    container.state = 'exited';
    container.exitCode = exitCode;
    container.reason = exitCode === 0 ? 'Completed' : 'Error';
    container.finishedAtMs = Date.now();
    tell({ sandboxId: container.sandboxId, containerId: container.id });
  }
  const unsupported = () => Promise.reject(new Error('not in this test'));

  const runtime: TestRuntime = {
    sandboxes,
    calls,
    failing,
    onExec: undefined,
    find: (name) => containers().findLast((container) => container.name === name),
    exit: (name, exitCode) => finish(runtime.find(name)!, exitCode),
    killSandbox(podName) {
      const sandbox = [...sandboxes.values()].find(({ name, ready }) => name === podName && ready)!;
      sandbox.ready = false;
      tell({ sandboxId: sandbox.id });
    },
    version: async () => ({ name: 'test', version: '1' }),
    status: async () => ({ ready: true, networkReady: true, message: '' }),
    async runPod(config) {
      asked(`runPod ${config.name}`);
      const id = `sandbox-${++counter}`;
      const { name, namespace, uid, attempt, labels, annotations } = config;
      const ips = config.hostNetwork ? [] : [`10.244.0.${counter + 1}`];
      const common = { name, namespace, uid, attempt, labels, annotations };
      sandboxes.set(id, { id, ready: true, createdAtMs: Date.now(), ips, containers: [], ...common });
      return id;
    },
    async stopPod(id) {
      asked(`stopPod ${sandboxes.get(id)?.name}`);
      const sandbox = sandboxes.get(id);
      if (sandbox === undefined) return;
      for (const container of sandbox.containers) if (container.state === 'running') finish(container, 137);
      sandbox.ready = false;
      tell({ sandboxId: id });
    },
    async removePod(id) {
      asked(`removePod ${sandboxes.get(id)?.name}`);
      sandboxes.delete(id);
    },
    listPods: async (id) => structuredClone([...sandboxes.values()].filter((one) => id === undefined || one.id === id)),
    async createContainer(sandboxId, config) {
      asked(`create ${config.name}`);
      const id = `container-${++counter}`;
      const { name, attempt, image, labels, annotations } = config;
      sandboxes.get(sandboxId)!.containers.push({
        ...{ id, sandboxId, name, attempt, image, imageId: image, labels, annotations },
        ...{ state: 'created', createdAtMs: Date.now(), startedAtMs: 0, finishedAtMs: 0 },
        ...{ exitCode: 0, reason: '', message: '', logPath: '' },
      });
      return id;
    },
    async startContainer(id) {
      const container = byId(id)!;
      asked(`start ${container.name}`);
      container.state = 'running';
      container.startedAtMs = Date.now();
      tell({ sandboxId: container.sandboxId, containerId: id });
    },
    async stopContainer(id, gracePeriodSeconds) {
      const container = byId(id);
      asked(`stop ${container?.name} ${gracePeriodSeconds}`);
      if (container?.state === 'running') finish(container, 0);
    },
    async removeContainer(id) {
      const sandbox = [...sandboxes.values()].find((one) => one.containers.some((container) => container.id === id));
      if (sandbox) sandbox.containers = sandbox.containers.filter((container) => container.id !== id);
    },
    containerStatus: async (id) => structuredClone(byId(id)),
    updateResources: async () => {},
    reopenLog: async () => {},
    async exec(id, command) {
      const name = byId(id)!.name;
      asked(`exec ${name} ${command.join(' ')}`);
      return runtime.onExec?.(name, command) ?? { exitCode: 0, output: '' };
    },
    openExec: unsupported,
    openAttach: unsupported,
    openPort: unsupported,
    watch(onChange) {
      changes.on('change', onChange);
      return () => changes.off('change', onChange);
    },
    images: {
      list: async () => [...present.values()],
      status: async (reference) =>
        [...present.values()].find(({ id, tags }) => id === reference || tags.includes(reference)),
      async pull(reference) {
        asked(`pull ${reference}`);
        addImage(reference);
        return `sha256:${reference}`;
      },
      remove: async () => {},
      usage: async () => ({ usedBytes: 0, capacityBytes: 1, availableBytes: 1 }),
    },
    stats: async () => [],
    writableBytes: async () => 0,
    close: async () => {},
  };
  return runtime;
}
