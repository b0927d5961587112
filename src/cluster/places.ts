import { join } from 'node:path';
import { type Configuration, clusterId, layout } from './configuration.ts';

/** Where the node's containerd keeps its things, and where the programs it needs may lie. */
export function containerdPaths(configuration: Configuration) {
  const { containerd, containerdState, containerdSocket } = layout(configuration);
  return {
    root: containerd,
    state: containerdState,
    socket: containerdSocket,
    cniConfDir: join(configuration.runDirectory, 'cni'),
    cniBinDirs: ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'],
  };
}

/** The cgroup that all pods of this cluster's node are under. */
export const nodeCgroup = (configuration: Configuration) => `/rempart-${clusterId(configuration)}`;
/** What the network keeps over restarts: leases of pod addresses, and what it changed on the machine. */
export const networkState = (configuration: Configuration) => join(configuration.runDirectory, 'network');

export type ProcessName = 'server' | 'agent';

/** Each process has a folder of its own: its log, which it rotates by itself, and what it says when it crashes. */
export function logFiles(name: ProcessName, configuration: Pick<Configuration, 'dataDirectory' | 'runDirectory'>) {
  const folder = layout(configuration)[`${name}Logs`];
  return { folder, log: join(folder, `${name}.log`), crash: join(folder, 'crash.log') };
}
