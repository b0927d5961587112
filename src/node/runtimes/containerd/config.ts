import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pauseReference } from '../../oci/pause.ts';

/** Where a containerd of ours keeps its things; nothing of the system's is shared. */
export type ContainerdPaths = {
  /** Images and snapshots; survives a reboot. */
  root: string;
  /** Running tasks, sockets, network namespaces; a tmpfs is right. */
  state: string;
  /** Path of the unix socket, at most 100 bytes long. */
  socket: string;
  cniConfDir: string;
  /** Folders that may hold the CNI plugins; the first that has `ptp` is used. */
  cniBinDirs: string[];
};

/** What of the kernel and of our privileges changes the configuration. */
export type Machine = { mayRaiseOomScore: boolean; hasAppArmor: boolean; hasHugePages: boolean };

const capSysResource = 24n;

/** Reads what this machine has, from /proc and /sys. */
export function inspectMachine(): Machine {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(read('/proc/self/status'))?.[1] ?? '0';
  const hugetlb =
    /^hugetlb\s+[1-9]/m.test(read('/proc/cgroups')) || read('/sys/fs/cgroup/cgroup.controllers').includes('hugetlb');
  return {
    mayRaiseOomScore: ((BigInt(`0x${effective}`) >> capSysResource) & 1n) === 1n,
    hasAppArmor: read('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
    hasHugePages: hugetlb,
  };
}

/** Snapshotters and exporters that a node never uses: each costs start-up time and memory. */
const disabledPlugins = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
  // Listens on a path that every containerd of the machine shares.
  'io.containerd.nri.v1.nri',
];

type Scalar = string | number | boolean | string[];
type Table = { [key: string]: Scalar | Table };

/**
 * containerd's TOML: configuration version 2 for 1.6 and 1.7, version 3 (CRI split in three plugins) from 2.0 on.
 * The streaming server listens on loopback with one-time tokens; SystemdCgroup stays off because the agent makes the
 * pods' cgroups itself.
 */
export function containerdConfig(major: number, paths: ContainerdPaths, machine: Machine): string {
  const common: Table = {
    version: major >= 2 ? 3 : 2,
    root: paths.root,
    state: paths.state,
    oom_score: machine.mayRaiseOomScore ? -999 : 0,
    disabled_plugins: disabledPlugins,
    grpc: { address: paths.socket },
    debug: { level: 'warn' },
  };
  const plugins = major >= 2 ? pluginsOfVersion3(paths, machine) : pluginsOfVersion2(paths, machine);
  return toml({
    ...common,
    plugins: { 'io.containerd.internal.v1.opt': { path: join(paths.root, 'opt') }, ...plugins },
  });
}

function runtimeOptions(machine: Machine): Table {
  return {
    disable_apparmor: !machine.hasAppArmor,
    restrict_oom_score_adj: !machine.mayRaiseOomScore,
    netns_mounts_under_state_dir: true,
    tolerate_missing_hugetlb_controller: true,
    disable_hugetlb_controller: !machine.hasHugePages,
    enable_unprivileged_ports: true,
    enable_unprivileged_icmp: true,
  };
}

const cni = (paths: ContainerdPaths): Table => ({
  bin_dir: paths.cniBinDirs.find((folder) => existsSync(join(folder, 'ptp'))) ?? paths.cniBinDirs[0] ?? '/opt/cni/bin',
  conf_dir: paths.cniConfDir,
  max_conf_num: 1,
});
/** runc's own folder is shared by every containerd of the machine, unless it is told another. */
const runtimes = ({ state }: ContainerdPaths): Table => ({
  default_runtime_name: 'runc',
  runtimes: {
    runc: { runtime_type: 'io.containerd.runc.v2', options: { SystemdCgroup: false, Root: join(state, 'runc') } },
  },
});
const streaming: Table = { stream_server_address: '127.0.0.1', stream_server_port: '0' };
const registry = (paths: ContainerdPaths): Table => ({ config_path: join(paths.root, 'certs.d') });

function pluginsOfVersion2(paths: ContainerdPaths, machine: Machine): Table {
  return {
    'io.containerd.grpc.v1.cri': {
      sandbox_image: pauseReference,
      ...streaming,
      ...runtimeOptions(machine),
      cni: cni(paths),
      containerd: { snapshotter: 'overlayfs', ...runtimes(paths) },
      registry: registry(paths),
    },
  };
}

function pluginsOfVersion3(paths: ContainerdPaths, machine: Machine): Table {
  return {
    'io.containerd.grpc.v1.cri': streaming,
    'io.containerd.cri.v1.runtime': { ...runtimeOptions(machine), cni: cni(paths), containerd: runtimes(paths) },
    'io.containerd.cri.v1.images': {
      snapshotter: 'overlayfs',
      pinned_images: { sandbox: pauseReference },
      registry: registry(paths),
    },
  };
}

/** Enough TOML for a configuration: strings, numbers, booleans, lists of strings, nested tables. */
function toml(table: Table, path: string[] = []): string {
  const entries = Object.entries(table);
  const isTable = (value: Scalar | Table): value is Table => typeof value === 'object' && !Array.isArray(value);
  const scalars = entries.filter(([, value]) => !isTable(value));
  const header = path.length > 0 && scalars.length > 0 ? `[${path.map((key) => JSON.stringify(key)).join('.')}]\n` : '';
  const lines = scalars.map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const tables = entries.flatMap(([key, value]) => (isTable(value) ? [toml(value, [...path, key])] : []));
  return `${header}${lines.join('')}${tables.join('')}`;
}
