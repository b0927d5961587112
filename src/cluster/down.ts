import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { silentLog } from '../foundation/log.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { removeNetwork } from '../network/network.ts';
import {
  createCgroups,
  createContainerdRuntime,
  type Runtime,
  removeLeftovers,
  type Sandbox,
  startContainerd,
} from '../node/node.ts';
import { removeKubeconfig } from './certificates/kubeconfig.ts';
import { type Configuration, clusterId, layout, readConfiguration } from './configuration.ts';
import { withLock } from './lock.ts';
import { containerdPaths, networkState, nodeCgroup } from './places.ts';
import { stopProcess } from './processes/processes.ts';
import type { Steps } from './up.ts';

/** A pod gets this long to end by itself, so that databases close their files. */
const gracePeriodSeconds = 10;
const podsAtOnce = 16;

/** Stops a cluster, from the outside in, and leaves nothing of it but its data. False: there is none. */
export async function down(options: { dataDirectory: string; purge: boolean }, steps: Steps): Promise<boolean> {
  const configuration = readConfiguration(options.dataDirectory);
  if (!configuration) return false;
  if (process.getuid?.() !== 0)
    throw new UsageError('Containers and networks are root’s: run this as root (sudo rempart down).');
  await withLock(configuration, () => stopAll(configuration, options.purge, steps));
  return true;
}

async function stopAll(configuration: Configuration, purge: boolean, steps: Steps): Promise<void> {
  steps.step('Stopping the node agent');
  await stopProcess('agent', configuration);
  steps.step('Stopping pods and containerd');
  await stopContainers(configuration, purge);
  steps.step('Stopping the API server');
  await stopProcess('server', configuration);
  steps.step('Removing the network');
  await removeNetwork({ clusterId: clusterId(configuration), stateDirectory: networkState(configuration) });
  rmSync(configuration.runDirectory, { recursive: true, force: true });
  if (purge) {
    const { kubeconfig, name } = configuration;
    // What is no kubeconfig any more has no entry of ours.
    const isEmpty = await removeKubeconfig(kubeconfig, name).catch(() => false);
    // Elsewhere an empty file may be one that its owner made; here it is ours.
    if (isEmpty && kubeconfig === layout(configuration).kubeconfig) rmSync(kubeconfig, { force: true });
    forget(configuration);
  }
}

async function stopContainers(configuration: Configuration, purge: boolean): Promise<void> {
  const paths = containerdPaths(configuration);
  // It may have died, and its containers live on: only a running containerd ends them in order.
  if (existsSync(paths.state)) {
    const containerd = await startContainerd({ ...paths, log: silentLog });
    const runtime = createContainerdRuntime({ socket: containerd.socket, log: silentLog });
    const sandboxes = await runtime.listPods();
    while (sandboxes.length > 0)
      await Promise.all(sandboxes.splice(0, podsAtOnce).map((sandbox) => removePod(runtime, sandbox)));
    await runtime.close();
    await containerd.stop();
  }
  await removeLeftovers(paths, purge);
  unmountUnder([configuration.runDirectory, layout(configuration).agent]);
  await createCgroups(nodeCgroup(configuration)).removeAll();
}

async function removePod(runtime: Runtime, { id, containers }: Sandbox): Promise<void> {
  const running = containers.filter(({ state }) => state === 'running');
  await Promise.all(
    running.map((container) => runtime.stopContainer(container.id, gracePeriodSeconds).catch(() => {})),
  );
  await runtime.stopPod(id).catch(() => {});
  await runtime.removePod(id).catch(() => {});
}

/** Volumes of pods are mounts; the last one mounted goes first. */
function unmountUnder(directories: string[]): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((point) => directories.some((directory) => point === directory || point.startsWith(`${directory}/`)));
  for (const point of points.reverse()) spawnSync('umount', ['--lazy', point]);
}

/** Removes what Rempart made in the data directory; a file that somebody else put there stays, and so does its folder. */
function forget(configuration: Configuration): void {
  const places = layout(configuration);
  for (const place of [places.server, places.agent, places.volumes, places.archives, places.logs, places.staticPods])
    rmSync(place, { recursive: true, force: true });
  for (const file of [places.breakGlass, places.configuration]) rmSync(file, { force: true });
  spawnSync('rmdir', [configuration.dataDirectory]);
}
