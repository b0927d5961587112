import { join } from 'node:path';
import type { Container as ContainerSpec, Pod, SeccompProfile } from '../api/schema/types.d.ts';
import type { ContainerSecurity, Image } from './runtimes/runtime.ts';

/** Refused by the node for what the pod asks of it; becomes `CreateContainerConfigError`. */
export class ConfigError extends Error {}

/** What containerd masks by default; CRI applies them only when they are listed. */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export type SeccompOfNode = {
  /** Who says nothing runs under the runtime's profile; false: under none. */
  seccompDefault: boolean;
  /** Where root of the node puts the profiles that pods name; nothing else of the node is read for them. */
  seccompDirectory: string;
};

/**
 * Pod and container security contexts merged, for one container. Without a seccomp profile it gets RuntimeDefault, closed
 * by default, unless that protection is off. Throws ConfigError for what this node cannot honour, instead of running it
 * differently.
 */
export function containerSecurity(
  pod: Pod,
  container: ContainerSpec,
  image: Pick<Image, 'user'>,
  node: SeccompOfNode,
): ContainerSecurity {
  const podContext = pod.spec!.securityContext ?? {};
  const context = container.securityContext ?? {};
  const user = runAs(pod, container, image);
  const privileged = context.privileged ?? false;
  const unmasked = privileged || context.procMount === 'Unmasked';
  const allowEscalation = context.allowPrivilegeEscalation ?? true;
  if (!allowEscalation && (privileged || context.capabilities?.add?.includes('SYS_ADMIN')))
    throw new ConfigError('allowPrivilegeEscalation: false contradicts privileged or the SYS_ADMIN capability');
  const groups = [...(podContext.supplementalGroups ?? [])];
  if (podContext.fsGroup !== undefined) groups.push(podContext.fsGroup);
  return {
    privileged,
    ...user,
    supplementalGroups: groups,
    readOnlyRootFilesystem: context.readOnlyRootFilesystem ?? false,
    noNewPrivileges: !allowEscalation,
    addCapabilities: context.capabilities?.add ?? [],
    dropCapabilities: context.capabilities?.drop ?? [],
    seccomp: privileged ? { type: 'Unconfined' } : seccomp(context.seccompProfile ?? podContext.seccompProfile, node),
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
  };
}

/** The security of the sandbox itself: its pause process needs nothing. */
export function sandboxSecurity(pod: Pod): ContainerSecurity {
  const podContext = pod.spec!.securityContext ?? {};
  const privileged = pod.spec!.containers.some(({ securityContext }) => securityContext?.privileged);
  return {
    privileged,
    runAsUser: podContext.runAsUser,
    runAsGroup: podContext.runAsUser === undefined ? undefined : podContext.runAsGroup,
    supplementalGroups: podContext.supplementalGroups ?? [],
    readOnlyRootFilesystem: true,
    noNewPrivileges: true,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: privileged ? { type: 'Unconfined' } : { type: 'RuntimeDefault' },
    maskedPaths: [],
    readonlyPaths: [],
  };
}

/** Above, containerd takes the number modulo 2^32, or for a name that the image's /etc/passwd may give to root. */
const userMax = 2 ** 31 - 1;

function runAs(pod: Pod, container: ContainerSpec, image: Pick<Image, 'user'>) {
  const podContext = pod.spec!.securityContext ?? {};
  const context = container.securityContext ?? {};
  const asked = context.runAsUser ?? podContext.runAsUser;
  const nonRoot = context.runAsNonRoot ?? podContext.runAsNonRoot ?? false;
  const [imageUser = ''] = image.user.split(':');
  const imageIsNumeric = /^\d+$/.test(imageUser) && Number(imageUser) <= userMax;
  if (nonRoot) {
    const uid = asked ?? (imageIsNumeric ? Number(imageUser) : imageUser === '' ? 0 : undefined);
    if (uid === undefined)
      throw new ConfigError(
        `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root`,
      );
    if (uid === 0)
      throw new ConfigError(
        asked === 0
          ? "container's runAsUser breaks non-root policy"
          : 'container has runAsNonRoot and image will run as root: set runAsUser to a number above 0',
      );
  }
  const runAsUser = asked ?? (imageIsNumeric ? Number(imageUser) : undefined);
  const runAsUsername = runAsUser === undefined && imageUser !== '' ? imageUser : undefined;
  const runAsGroup = context.runAsGroup ?? podContext.runAsGroup;
  return { runAsUser, runAsUsername, runAsGroup };
}

function seccomp(
  profile: SeccompProfile | undefined,
  { seccompDefault, seccompDirectory }: SeccompOfNode,
): ContainerSecurity['seccomp'] {
  if (profile === undefined) return { type: seccompDefault ? 'RuntimeDefault' : 'Unconfined' };
  if (profile.type === 'RuntimeDefault' || profile.type === 'Unconfined') return { type: profile.type };
  const path = profile.localhostProfile ?? '';
  if (path === '' || path.startsWith('/') || path.split('/').includes('..'))
    throw new ConfigError(
      `seccompProfile.localhostProfile ${JSON.stringify(path)} must be a relative path below ${seccompDirectory}`,
    );
  return { type: 'Localhost', localhostPath: join(seccompDirectory, path) };
}

/** Sysctls that are namespaced and isolated: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/ */
export const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

/** A sysctl's name with dots between its parts: the separator that comes first is the one (sysctl.d(5)). */
export function sysctlName(name: string): string {
  if (/[./]/.exec(name)?.[0] !== '/') return name;
  return name.replaceAll(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}
