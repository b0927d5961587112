// Written by tools/generate/protocol.ts from the .proto files beside it; do not edit.
export type Empty = object;
export type PodSandboxId = {
  podSandboxId: string;
};
export type ContainerId = {
  containerId: string;
};
export type UrlResponse = {
  url: string;
};
export type Int64Value = {
  value: bigint;
};
export type UInt64Value = {
  value: bigint;
};
export type VersionRequest = {
  version: string;
};
export type VersionResponse = {
  runtimeName: string;
  runtimeVersion: string;
};
export type RuntimeCondition = {
  type: string;
  status: boolean;
  reason: string;
  message: string;
};
export type RuntimeStatus = {
  conditions: RuntimeCondition[];
};
export type StatusResponse = {
  status?: RuntimeStatus;
};
export type DnsConfig = {
  servers: string[];
  searches: string[];
  options: string[];
};
export type PortMapping = {
  protocol: number;
  containerPort: number;
  hostPort: number;
  hostIp: string;
};
export type ImageSpec = {
  image: string;
};
export type Mount = {
  containerPath: string;
  hostPath: string;
  readonly: boolean;
  propagation: number;
};
export type NamespaceOption = {
  network: number;
  pid: number;
  ipc: number;
  targetId: string;
};
export type SecurityProfile = {
  profileType: number;
  localhostRef: string;
};
export type Capability = {
  addCapabilities: string[];
  dropCapabilities: string[];
};
export type LinuxContainerResources = {
  cpuPeriod: bigint;
  cpuQuota: bigint;
  cpuShares: bigint;
  memoryLimitInBytes: bigint;
  oomScoreAdj: bigint;
};
export type LinuxSandboxSecurityContext = {
  namespaceOptions?: NamespaceOption;
  runAsUser?: Int64Value;
  readonlyRootfs: boolean;
  supplementalGroups: bigint[];
  privileged: boolean;
  runAsGroup?: Int64Value;
  seccomp?: SecurityProfile;
};
export type LinuxPodSandboxConfig = {
  cgroupParent: string;
  securityContext?: LinuxSandboxSecurityContext;
  sysctls: Record<string, string>;
};
export type PodSandboxMetadata = {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
};
export type PodSandboxConfig = {
  metadata?: PodSandboxMetadata;
  hostname: string;
  logDirectory: string;
  dnsConfig?: DnsConfig;
  portMappings: PortMapping[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux?: LinuxPodSandboxConfig;
};
export type RunPodSandboxRequest = {
  config?: PodSandboxConfig;
  runtimeHandler: string;
};
export type PodIp = {
  ip: string;
};
export type PodSandboxNetworkStatus = {
  ip: string;
  additionalIps: PodIp[];
};
export type PodSandboxStatus = {
  id: string;
  metadata?: PodSandboxMetadata;
  state: number;
  createdAt: bigint;
  network?: PodSandboxNetworkStatus;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};
export type PodSandboxStatusResponse = {
  status?: PodSandboxStatus;
};
export type PodSandboxFilter = {
  id: string;
};
export type ListPodSandboxRequest = {
  filter?: PodSandboxFilter;
};
export type PodSandbox = {
  id: string;
  metadata?: PodSandboxMetadata;
  state: number;
  createdAt: bigint;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};
export type ListPodSandboxResponse = {
  items: PodSandbox[];
};
export type LinuxContainerSecurityContext = {
  capabilities?: Capability;
  privileged: boolean;
  namespaceOptions?: NamespaceOption;
  runAsUser?: Int64Value;
  runAsUsername: string;
  readonlyRootfs: boolean;
  supplementalGroups: bigint[];
  noNewPrivs: boolean;
  runAsGroup?: Int64Value;
  maskedPaths: string[];
  readonlyPaths: string[];
  seccomp?: SecurityProfile;
  apparmor?: SecurityProfile;
};
export type LinuxContainerConfig = {
  resources?: LinuxContainerResources;
  securityContext?: LinuxContainerSecurityContext;
};
export type ContainerMetadata = {
  name: string;
  attempt: number;
};
export type Device = {
  containerPath: string;
  hostPath: string;
  permissions: string;
};
export type KeyValue = {
  key: string;
  value: string;
};
export type ContainerConfig = {
  metadata?: ContainerMetadata;
  image?: ImageSpec;
  command: string[];
  args: string[];
  workingDir: string;
  envs: KeyValue[];
  mounts: Mount[];
  devices: Device[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  linux?: LinuxContainerConfig;
};
export type CreateContainerRequest = {
  podSandboxId: string;
  config?: ContainerConfig;
  sandboxConfig?: PodSandboxConfig;
};
export type StopContainerRequest = {
  containerId: string;
  timeout: bigint;
};
export type ContainerFilter = {
  id: string;
  podSandboxId: string;
};
export type ListContainersRequest = {
  filter?: ContainerFilter;
};
export type Container = {
  id: string;
  podSandboxId: string;
  metadata?: ContainerMetadata;
  image?: ImageSpec;
  imageRef: string;
  state: number;
  createdAt: bigint;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};
export type ListContainersResponse = {
  containers: Container[];
};
export type ContainerStatus = {
  id: string;
  metadata?: ContainerMetadata;
  state: number;
  createdAt: bigint;
  startedAt: bigint;
  finishedAt: bigint;
  exitCode: number;
  image?: ImageSpec;
  imageRef: string;
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logPath: string;
};
export type ContainerStatusResponse = {
  status?: ContainerStatus;
};
export type UpdateContainerResourcesRequest = {
  containerId: string;
  linux?: LinuxContainerResources;
};
export type ExecSyncRequest = {
  containerId: string;
  cmd: string[];
  timeout: bigint;
};
export type ExecSyncResponse = {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
};
export type ExecRequest = {
  containerId: string;
  cmd: string[];
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
};
export type AttachRequest = {
  containerId: string;
  stdin: boolean;
  tty: boolean;
  stdout: boolean;
  stderr: boolean;
};
export type PortForwardRequest = {
  podSandboxId: string;
  port: number[];
};
export type Image = {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  size: bigint;
  uid?: Int64Value;
  username: string;
  pinned: boolean;
};
export type ListImagesResponse = {
  images: Image[];
};
export type ImageRequest = {
  image?: ImageSpec;
};
export type ImageStatusResponse = {
  image?: Image;
};
export type AuthConfig = {
  username: string;
  password: string;
};
export type PullImageRequest = {
  image?: ImageSpec;
  auth?: AuthConfig;
};
export type PullImageResponse = {
  imageRef: string;
};
export type FilesystemIdentifier = {
  mountpoint: string;
};
export type FilesystemUsage = {
  fsId?: FilesystemIdentifier;
  usedBytes?: UInt64Value;
};
export type ImageFsInfoResponse = {
  imageFilesystems: FilesystemUsage[];
};
export type ContainerStats = {
  writableLayer?: FilesystemUsage;
};
export type ContainerStatsResponse = {
  stats?: ContainerStats;
};
export type SubscribeRequest = {
  filters: string[];
};
export type Any = {
  typeUrl: string;
  value: Uint8Array;
};
export type Envelope = {
  namespace: string;
  topic: string;
  event?: Any;
};
export type TaskEvent = {
  containerId: string;
};
export type TaskExit = {
  containerId: string;
  id: string;
};
