import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, run, type TestCluster } from './cluster.ts';

type Name = 'server' | 'agent';

/** The pid of the script that keeps a process of the cluster running. */
export const supervisorOf = ({ runDirectory }: TestCluster, name: Name): number =>
  Number(readFileSync(join(runDirectory, 'processes', `${name}.pid`), 'utf8').split(' ')[0]);

/** The pid of a process of the cluster; undefined while it is between two lives. */
export function processOf(cluster: TestCluster, name: Name): number | undefined {
  const flag = ['--data-dir', cluster.dataDirectory].join('\0');
  return childrenOf(supervisorOf(cluster, name)).find((pid) => commandLine(pid).includes(flag));
}

export const containerdOf = ({ runDirectory }: TestCluster): number =>
  Number(readFileSync(join(runDirectory, 'containerd/containerd.pid'), 'utf8'));

export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Words separated by NUL; empty when the process is gone. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Ends a process of the cluster as a crash would, and resolves with the pid of the next one. */
export async function crash(cluster: TestCluster, name: Name): Promise<number> {
  const pid = await eventually(`the ${name} runs`, async () => processOf(cluster, name) ?? false);
  process.kill(pid, 'SIGKILL');
  return eventually(`the ${name} is started again`, async () => {
    const next = processOf(cluster, name);
    return next !== undefined && next !== pid ? next : false;
  });
}

/** Every process, mount, network namespace, nft table, interface and cgroup that still belongs to the cluster. */
export async function leftovers({ dataDirectory, runDirectory, id }: TestCluster): Promise<string[]> {
  const belongs = (text: string) => [dataDirectory, runDirectory, id].some((mark) => text.includes(mark));
  const lines = async (file: string, ...words: string[]) => (await run(file, words)).stdout.split('\n');
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return [
    ...pids.map((pid) => commandLine(Number(pid)).replaceAll('\0', ' ')),
    ...readFileSync('/proc/mounts', 'utf8').split('\n'),
    ...(await lines('nft', 'list', 'tables')),
    ...(await lines('ip', 'link')),
    ...(await lines('find', '/sys/fs/cgroup', '-maxdepth', '4', '-name', `*${id}*`)),
  ].filter(belongs);
}

/** Network namespaces of pods, of all clusters of this machine. */
export const networkNamespaces = (): string[] => {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
};

/** The pids of all processes in a container, by its id. */
export function processesOfContainer(id: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
      } catch {
        return false;
      }
    });
}
