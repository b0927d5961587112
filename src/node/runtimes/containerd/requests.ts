import type { ContainerConfig, ContainerSecurity, LinuxResources, Mount, SandboxConfig } from '../runtime.ts';
import type { Draft } from './connection.ts';
import type * as cri from './protocol/messages.ts';

/** What of a sandbox's configuration its containers need too; kept in one of the sandbox's annotations. */
export type SandboxMemory = Pick<
  SandboxConfig,
  'cgroupParent' | 'logDirectory' | 'hostname' | 'hostNetwork' | 'hostPID' | 'hostIPC' | 'shareProcessNamespace'
> & { privileged: boolean };

/** CRI does not give a sandbox's configuration back, and an agent that was started again has to know it. */
export const memoryAnnotation = 'rempart.io/sandbox-memory';

const namespaceModes = { pod: 0, container: 1, node: 2, target: 3 };
const protocols = { TCP: 0, UDP: 1, SCTP: 2 };
const propagations = { private: 0, hostToContainer: 1, bidirectional: 2 };
const profiles = { RuntimeDefault: 0, Unconfined: 1, Localhost: 2 };

export function sandboxRequest(config: SandboxConfig): Draft<cri.PodSandboxConfig> {
  const { name, namespace, uid, attempt, security } = config;
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: hostnameOf(config),
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: config.portMappings.map(({ protocol, containerPort, hostPort, hostIP }) => ({
      protocol: protocols[protocol],
      containerPort,
      hostPort,
      hostIp: hostIP,
    })),
    labels: config.labels,
    annotations: { ...config.annotations, [memoryAnnotation]: JSON.stringify(remember(config)) },
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: config.sysctls,
      securityContext: {
        namespaceOptions: namespaces(config),
        privileged: security.privileged,
        readonlyRootfs: security.readOnlyRootFilesystem,
        supplementalGroups: security.supplementalGroups.map(BigInt),
        runAsUser: wrapped(security.runAsUser),
        runAsGroup: wrapped(security.runAsGroup),
        seccomp: seccomp(security),
      },
    },
  };
}

function remember(config: SandboxConfig): SandboxMemory {
  const { cgroupParent, logDirectory, hostname, hostNetwork, hostPID, hostIPC, shareProcessNamespace } = config;
  const { privileged } = config.security;
  return { cgroupParent, logDirectory, hostname, hostNetwork, hostPID, hostIPC, shareProcessNamespace, privileged };
}

/** As much of the sandbox's configuration as containerd reads again for each container. */
export const rememberedRequest = (
  memory: SandboxMemory,
  metadata: cri.PodSandboxMetadata | undefined,
): Draft<cri.PodSandboxConfig> => ({
  metadata,
  hostname: hostnameOf(memory),
  logDirectory: memory.logDirectory,
  linux: { cgroupParent: memory.cgroupParent, securityContext: { privileged: memory.privileged } },
});

/** With the host's network comes the host's name: runc refuses to change it. */
const hostnameOf = ({ hostNetwork, hostname }: Pick<SandboxConfig, 'hostNetwork' | 'hostname'>) =>
  hostNetwork ? '' : hostname;

function namespaces(sandbox: Omit<SandboxMemory, 'privileged'>): cri.NamespaceOption {
  const { pod, container, node } = namespaceModes;
  return {
    network: sandbox.hostNetwork ? node : pod,
    pid: sandbox.hostPID ? node : sandbox.shareProcessNamespace ? pod : container,
    ipc: sandbox.hostIPC ? node : pod,
    targetId: '',
  };
}

const wrapped = (value: number | undefined) => (value === undefined ? undefined : { value: BigInt(value) });

const seccomp = ({ seccomp: { type, localhostPath } }: ContainerSecurity) => ({
  profileType: profiles[type],
  localhostRef: type === 'Localhost' ? (localhostPath ?? '') : '',
});

const appArmor = ({ appArmor }: ContainerSecurity) =>
  appArmor && { profileType: profiles[appArmor.type], localhostRef: appArmor.localhostProfile ?? '' };

export function containerRequest(config: ContainerConfig, sandbox: SandboxMemory): Draft<cri.ContainerConfig> {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.environment.map(({ name, value }) => ({ key: name, value })),
    mounts: config.mounts.map(mount),
    devices: config.devices,
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: resources(config.resources),
      securityContext: containerSecurity(config, sandbox),
    },
  };
}

const mount = ({ hostPath, containerPath, readOnly, propagation }: Mount): cri.Mount => ({
  hostPath,
  containerPath,
  readonly: readOnly,
  propagation: propagations[propagation],
});

export const resources = (limits: LinuxResources): cri.LinuxContainerResources => ({
  cpuPeriod: BigInt(limits.cpuPeriodMicroseconds),
  cpuQuota: BigInt(limits.cpuQuotaMicroseconds),
  cpuShares: BigInt(limits.cpuShares),
  memoryLimitInBytes: BigInt(limits.memoryLimitBytes),
  oomScoreAdj: BigInt(limits.oomScoreAdj),
});

function containerSecurity(
  { security, processesOf }: ContainerConfig,
  sandbox: SandboxMemory,
): Draft<cri.LinuxContainerSecurityContext> {
  return {
    privileged: security.privileged,
    capabilities: {
      addCapabilities: security.addCapabilities.map(withoutPrefix),
      dropCapabilities: security.dropCapabilities.map(withoutPrefix),
    },
    namespaceOptions: {
      ...namespaces(sandbox),
      ...(processesOf === undefined ? {} : { pid: namespaceModes.target, targetId: processesOf }),
    },
    runAsUser: wrapped(security.runAsUser),
    runAsGroup: wrapped(security.runAsGroup),
    runAsUsername: security.runAsUsername ?? '',
    readonlyRootfs: security.readOnlyRootFilesystem,
    supplementalGroups: security.supplementalGroups.map(BigInt),
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: security.maskedPaths,
    readonlyPaths: security.readonlyPaths,
    // A privileged container runs unconfined whatever is asked; runc refuses a profile with it on some versions.
    seccomp: security.privileged ? { profileType: profiles.Unconfined, localhostRef: '' } : seccomp(security),
    apparmor: appArmor(security),
  };
}

/** CRI wants `NET_ADMIN`, people also write `CAP_NET_ADMIN`. */
const withoutPrefix = (capability: string) => capability.replace(/^CAP_/i, '');
