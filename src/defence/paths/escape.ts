import { posix } from 'node:path';
import { containersOf } from '../snapshot/workloads.ts';
import { costs } from './graph.ts';

/** How a container becomes its node: the field that makes it possible. */
export type Escape = { cost: number; field: string; why: string };

/** Capabilities with which a container takes over its node. capabilities(7). */
const capabilitiesOfRoot = new Map([
  ['ALL', costs.command],
  ['SYS_ADMIN', costs.command],
  ['SYS_MODULE', costs.command],
  ['SYS_RAWIO', costs.several],
  ['DAC_READ_SEARCH', costs.several],
  ['BPF', costs.waiting],
]);

/** Folders whose reader or writer is the node: the runtime's socket, the kubelet's credentials, what root runs. */
const foldersOfNode = [
  ...['/etc', '/root', '/boot', '/dev', '/proc', '/sys', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/var/lib/kubelet'],
  ...['/var/lib/etcd', '/var/lib/docker', '/var/lib/containerd', '/var/lib/rempart', '/run', '/var/run'],
  ...['/opt/cni', '/var/spool/cron'],
];

/**
 * The easiest way out of a pod to its node, from its spec alone; undefined when there is none but a flaw in the kernel
 * or the runtime. A network of the node (hostNetwork) alone is none: it sees traffic and local services.
 */
export function escapeOf(spec: Record<string, any>): Escape | undefined {
  const found: Escape[] = [];
  for (const { name, securityContext: context } of containersOf(spec)) {
    if (context?.privileged === true)
      found.push({
        cost: costs.command,
        field: `container ${name}: privileged`,
        why: 'is root on its node: privileged',
      });
    if (context?.windowsOptions?.hostProcess === true)
      found.push({ cost: costs.command, field: `container ${name}: hostProcess`, why: 'is a process of its node' });
    for (const capability of [context?.capabilities?.add ?? []].flat()) {
      const cost = capabilitiesOfRoot.get(nameOfCapability(capability));
      if (cost !== undefined)
        found.push({ cost, field: `container ${name}: capability ${capability}`, why: `breaks out by ${capability}` });
      if (spec['hostPID'] === true && nameOfCapability(capability) === 'SYS_PTRACE')
        found.push({ cost: costs.command, field: 'hostPID and SYS_PTRACE', why: 'takes over processes of its node' });
    }
  }
  for (const volume of [spec['volumes'] ?? []].flat().filter(isOfNode)) {
    const folder = folderOf(volume);
    found.push({ cost: costs.command, field: `hostPath ${folder}`, why: `uses ${folder} of its node` });
  }
  return found.sort((a, b) => a.cost - b.cost)[0];
}

/** Takes every way out of a pod spec that `escapeOf` knows. Changes it. */
export function closeEscapes(spec: Record<string, any>): void {
  for (const { securityContext: context } of containersOf(spec)) {
    if (context?.privileged === true) context.privileged = false;
    if (context?.windowsOptions?.hostProcess === true) context.windowsOptions.hostProcess = false;
    if (context?.capabilities?.add)
      context.capabilities.add = [context.capabilities.add]
        .flat()
        .filter(
          (each: unknown) => !capabilitiesOfRoot.has(nameOfCapability(each)) && nameOfCapability(each) !== 'SYS_PTRACE',
        );
  }
  const volumes = [spec['volumes'] ?? []].flat();
  const taken = new Set(volumes.filter(isOfNode).map(({ name }) => name));
  if (taken.size === 0) return;
  spec['volumes'] = volumes.filter(({ name }) => !taken.has(name));
  for (const container of containersOf(spec))
    if (Array.isArray(container['volumeMounts']))
      container['volumeMounts'] = container['volumeMounts'].filter((mount: any) => !taken.has(mount?.name));
}

const nameOfCapability = (capability: unknown) => String(capability).replace(/^CAP_/, '');

const folderOf = (volume: any): string | undefined =>
  typeof volume?.hostPath?.path === 'string'
    ? posix.join('/', volume.hostPath.path, '/').slice(0, -1) || '/'
    : undefined;

function isOfNode(volume: any): boolean {
  const folder = folderOf(volume);
  return (
    folder !== undefined &&
    (folder === '/' || foldersOfNode.some((each) => folder === each || folder.startsWith(`${each}/`)))
  );
}
