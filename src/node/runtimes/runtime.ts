import type { Duplex } from 'node:stream';

/**
 * What runs pods. Two implementations keep this contract: containerd (through CRI) and simulated. Ids are the
 * runtime's own. Every call is idempotent where CRI's is: stopping what is stopped succeeds.
 */
export type Runtime = {
  version(): Promise<{ name: string; version: string }>;
  status(): Promise<{ ready: boolean; networkReady: boolean; message: string }>;

  /** Creates and starts the sandbox: network namespace, address, cgroup parent. */
  runPod(config: SandboxConfig): Promise<string>;
  stopPod(sandboxId: string): Promise<void>;
  removePod(sandboxId: string): Promise<void>;
  /**
   * Every sandbox with its containers, as the runtime knows them now; what the agent re-adopts after a crash. With an
   * id only that sandbox (or nothing): what the agent asks after each change, so it must not cost a full listing.
   */
  listPods(sandboxId?: string): Promise<Sandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  /** SIGTERM (or the image's stop signal), then SIGKILL after the grace period. */
  stopContainer(containerId: string, gracePeriodSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  containerStatus(containerId: string): Promise<Container | undefined>;
  updateResources(containerId: string, resources: LinuxResources): Promise<void>;
  reopenLog(containerId: string): Promise<void>;

  /** Runs to its end and returns the output (at most 16 KiB): probes and hooks. Rejects with ExecTimeout. */
  exec(containerId: string, command: string[], timeoutMs: number): Promise<{ exitCode: number; output: string }>;
  openExec(containerId: string, command: string[], streams: StreamOptions): Promise<StreamSession>;
  openAttach(containerId: string, streams: StreamOptions): Promise<StreamSession>;
  /** One connection to a TCP port inside the pod's network namespace. */
  openPort(sandboxId: string, port: number): Promise<Duplex>;
  /**
   * For clients that speak SPDY/3.1 themselves: a connection on which they go on, and which of the offered stream
   * protocols was chosen. Absent where the runtime does not speak it.
   */
  openSpdy?(target: SpdyTarget, protocols: string[]): Promise<{ connection: Duplex; protocol: string }>;

  /** Calls back when a container or sandbox changes state; the agent then reads. Reconnects by itself. */
  watch(onChange: (change: { sandboxId?: string; containerId?: string }) => void): () => void;
  images: ImageService;
  /** Per container, read when asked; `cpuNanoseconds` is cumulative. */
  stats(): Promise<ContainerStats[]>;
  /** What a running container wrote into its own layer, outside of its volumes; a few seconds old, 0 when it is gone. */
  writableBytes(containerId: string): Promise<number>;
  close(): Promise<void>;
};

export type SandboxConfig = {
  name: string;
  namespace: string;
  uid: string;
  attempt: number;
  hostname: string;
  logDirectory: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  dns: { servers: string[]; searches: string[]; options: string[] };
  portMappings: { protocol: 'TCP' | 'UDP' | 'SCTP'; containerPort: number; hostPort: number; hostIP: string }[];
  cgroupParent: string;
  sysctls: Record<string, string>;
  hostNetwork: boolean;
  hostPID: boolean;
  hostIPC: boolean;
  shareProcessNamespace: boolean;
  /** Of the sandbox's own process. `privileged` must be true when any container of the pod is to be. */
  security: ContainerSecurity;
  runtimeHandler: string;
};

export type Sandbox = {
  id: string;
  name: string;
  namespace: string;
  uid: string;
  attempt: number;
  ready: boolean;
  createdAtMs: number;
  /** Empty with hostNetwork. */
  ips: string[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  containers: Container[];
};

export type ContainerConfig = {
  name: string;
  attempt: number;
  /** The image id or digest that `images.status` returned. */
  image: string;
  command: string[];
  args: string[];
  workingDir: string;
  environment: { name: string; value: string }[];
  mounts: Mount[];
  devices: { hostPath: string; containerPath: string; permissions: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's log directory. */
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  resources: LinuxResources;
  security: ContainerSecurity;
  /** The container whose processes this one sees, in place of what the sandbox says. */
  processesOf?: string;
};

export type Mount = {
  hostPath: string;
  containerPath: string;
  readOnly: boolean;
  propagation: 'private' | 'hostToContainer' | 'bidirectional';
};

export type LinuxResources = {
  cpuPeriodMicroseconds: number;
  cpuQuotaMicroseconds: number;
  cpuShares: number;
  memoryLimitBytes: number;
  oomScoreAdj: number;
};

export type ContainerSecurity = {
  privileged: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  runAsUsername?: string;
  supplementalGroups: number[];
  readOnlyRootFilesystem: boolean;
  noNewPrivileges: boolean;
  addCapabilities: string[];
  dropCapabilities: string[];
  /** `localhostPath` is absolute. */
  seccomp: { type: 'RuntimeDefault' | 'Unconfined' | 'Localhost'; localhostPath?: string };
  /** Without it the runtime's default holds, where the kernel has AppArmor. */
  appArmor?: { type: 'RuntimeDefault' | 'Unconfined' | 'Localhost'; localhostProfile?: string };
  maskedPaths: string[];
  readonlyPaths: string[];
};

export type Container = {
  id: string;
  sandboxId: string;
  name: string;
  attempt: number;
  state: 'created' | 'running' | 'exited' | 'unknown';
  image: string;
  imageId: string;
  createdAtMs: number;
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logPath: string;
};

export type StreamOptions = { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean };

export type SpdyTarget =
  | { kind: 'exec'; containerId: string; command: string[]; streams: StreamOptions }
  | { kind: 'attach'; containerId: string; streams: StreamOptions }
  | { kind: 'portForward'; sandboxId: string };

export type StreamSession = {
  /** Ending it half-closes: the program sees end of file. */
  stdin: NodeJS.WritableStream | undefined;
  stdout: NodeJS.ReadableStream | undefined;
  stderr: NodeJS.ReadableStream | undefined;
  resize(columns: number, rows: number): void;
  /** The exit code, after stdout and stderr ended. */
  done: Promise<number>;
  close(): void;
};

export type Image = { id: string; tags: string[]; digests: string[]; sizeBytes: number; user: string; pinned: boolean };
export type RegistryCredentials = { username: string; password: string } | undefined;
export type ImageService = {
  list(): Promise<Image[]>;
  status(reference: string): Promise<Image | undefined>;
  /** Resolves to the image id. */
  pull(reference: string, credentials: RegistryCredentials): Promise<string>;
  remove(reference: string): Promise<void>;
  usage(): Promise<{ usedBytes: number; capacityBytes: number; availableBytes: number }>;
};

export type ContainerStats = {
  containerId: string;
  sandboxId: string;
  cpuNanoseconds: number;
  memoryWorkingSetBytes: number;
  memoryUsageBytes: number;
  timestampMs: number;
};

export class ExecTimeout extends Error {}
