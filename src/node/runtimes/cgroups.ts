import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What limits a pod as a whole; undefined leaves the kernel's default. */
export type CgroupLimits = {
  cpuShares?: number;
  cpuQuotaMicroseconds?: number;
  cpuPeriodMicroseconds?: number;
  memoryLimitBytes?: number;
  processesMax?: number;
};

const mountPoint = '/sys/fs/cgroup';
/** The v1 hierarchies that containers are placed in; on v2 there is only one. */
const controllers = [
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'pids',
  'devices',
  'freezer',
  'blkio',
  'hugetlb',
  'net_cls',
  'net_prio',
  'perf_event',
  'rdma',
  'misc',
  'systemd',
  'unified',
];
const controllersOfVersion2 = ['cpu', 'memory', 'pids', 'cpuset', 'io'];

/** True on the unified hierarchy; false on v1, also when it is hybrid. */
export const isCgroupVersion2 = (): boolean => existsSync(join(mountPoint, 'cgroup.controllers'));

/** Does the kernel limit and count processes? Without it a pod may use up the machine's process ids. */
export const canLimitProcesses = (root = mountPoint): boolean =>
  existsSync(join(root, 'cgroup.controllers'))
    ? readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim().split(' ').includes('pids')
    : existsSync(join(root, 'pids'));

/** Folder of a cgroup in one controller's hierarchy; `path` begins with a slash. */
export const cgroupFolder = (controller: string, path: string): string =>
  isCgroupVersion2() ? join(mountPoint, path) : join(mountPoint, controller, path);

/**
 * Makes the cgroup `path` (as in SandboxConfig.cgroupParent: `/rempart/burstable/pod-UID`) with its parents and writes
 * its limits. The runtime ignores pod-level resources, so nobody else does. Calling it again changes the limits.
 */
export function createPodCgroup(path: string, limits: CgroupLimits): void {
  checked(path);
  if (isCgroupVersion2()) createVersion2(path, limits);
  else createVersion1(path, limits);
}

function createVersion1(path: string, limits: CgroupLimits): void {
  for (const controller of ['cpu', 'cpuacct', 'memory', 'pids'])
    if (existsSync(join(mountPoint, controller))) mkdirSync(join(mountPoint, controller, path), { recursive: true });
  const set = (controller: string, file: string, value: number | undefined) => {
    const target = join(mountPoint, controller, path, file);
    if (value !== undefined && existsSync(target)) writeFileSync(target, String(value));
  };
  set('cpu', 'cpu.shares', limits.cpuShares);
  set('cpu', 'cpu.cfs_period_us', limits.cpuPeriodMicroseconds);
  set('cpu', 'cpu.cfs_quota_us', limits.cpuQuotaMicroseconds);
  set('memory', 'memory.limit_in_bytes', limits.memoryLimitBytes);
  set('pids', 'pids.max', limits.processesMax);
}

/** A controller works in a cgroup only when every parent hands it down. */
function createVersion2(path: string, limits: CgroupLimits): void {
  let folder = mountPoint;
  for (const part of path.split('/').filter(Boolean)) {
    const available = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ');
    for (const controller of controllersOfVersion2.filter((name) => available.includes(name)))
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    folder = join(folder, part);
    mkdirSync(folder, { recursive: true });
  }
  const set = (file: string, value: string | number | undefined) => {
    if (value !== undefined && existsSync(join(folder, file))) writeFileSync(join(folder, file), String(value));
  };
  set('cpu.weight', limits.cpuShares === undefined ? undefined : weightOf(limits.cpuShares));
  const { cpuQuotaMicroseconds: quota, cpuPeriodMicroseconds: period = 100_000 } = limits;
  set('cpu.max', quota === undefined ? undefined : `${quota < 0 ? 'max' : quota} ${period}`);
  const { memoryLimitBytes: memory, processesMax } = limits;
  set('memory.max', memory !== undefined && memory < 0 ? 'max' : memory);
  set('pids.max', processesMax);
}

/** v1 shares 2…262144 onto v2 weights 1…10000, as runc converts them. */
const weightOf = (shares: number) => 1 + Math.floor(((Math.min(262_144, Math.max(2, shares)) - 2) * 9999) / 262_142);

/**
 * Removes the cgroup and all beneath it; containerd leaves them behind. False when a process is still inside: try
 * again after it ended.
 */
export function removePodCgroup(path: string): boolean {
  checked(path);
  const folders = isCgroupVersion2()
    ? [join(mountPoint, path)]
    : controllers.map((name) => join(mountPoint, name, path));
  return folders.map(removeTree).every(Boolean);
}

function removeTree(folder: string): boolean {
  if (!existsSync(folder)) return true;
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (!inside.map(({ name }) => removeTree(join(folder, name))).every(Boolean)) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Removing `/` or something above the hierarchy would be everybody's. */
function checked(path: string): void {
  const parts = path.split('/');
  if (!path.startsWith('/') || parts.length < 2 || parts[1] === '' || parts.includes('..'))
    throw new Error(`not the path of a cgroup of ours: ${JSON.stringify(path)}`);
}
