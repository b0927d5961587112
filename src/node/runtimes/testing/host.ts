import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { silentLog } from '../../../foundation/log.ts';
import { removePodCgroup } from '../cgroups.ts';
import { writeCniConfig } from '../containerd/cni.ts';
import { createContainerdRuntime } from '../containerd/containerd.ts';
import { importImage } from '../containerd/import.ts';
import { removeLeftovers } from '../containerd/leftovers.ts';
import { type Containerd, startContainerd } from '../containerd/process.ts';
import type { ContainerConfig, Runtime, SandboxConfig } from '../runtime.ts';
import { markAsOwn, removeAbandoned } from './abandoned.ts';
import { testImage, testImageReference } from './busybox.ts';

/** Why tests on a real containerd cannot run here; false when they can. Hand it to node:test as `skip`. */
export const cannotRunContainerd: string | false =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'needs root on Linux'
    : !['/usr/bin', '/usr/local/bin'].some((folder) => existsSync(join(folder, 'containerd')))
      ? 'needs containerd'
      : !existsSync('/usr/lib/cni/ptp') && !existsSync('/opt/cni/bin/ptp')
        ? 'needs the CNI plugins'
        : false;

export type TestHost = {
  /** A folder of this test's own, for logs and volumes; removed afterwards. */
  folder: string;
  paths: ReturnType<typeof placesIn>['paths'];
  containerd: Containerd;
  runtime: Runtime;
  /** The cgroup above every pod of this test. */
  cgroupRoot: string;
  image: string;
};

const folderPrefix = '/run/rempart-test-';

/** A containerd of the test's own, with the busybox test image; everything goes when the test ends. */
export async function startTestHost(t: TestContext, podCIDR = '10.250.0.0/24'): Promise<TestHost> {
  await removeAbandoned(folderPrefix, removeAbandonedHost);
  checkUnused(podCIDR);
  const folder = mkdtempSync(folderPrefix);
  markAsOwn(folder);
  const { paths, cgroupRoot } = placesIn(folder);
  writeCniConfig(paths.cniConfDir, routedNetwork(podCIDR, join(folder, 'ipam')));
  const runtime = createContainerdRuntime({ socket: paths.socket, log: silentLog });
  let started: Containerd | undefined;
  // Before anything is started: what fails half way leaves nothing either.
  t.after(() => takeDown(folder, runtime, started));
  const containerd = await startContainerd(paths);
  started = containerd;
  await importImage(paths.socket, (await testImage()).tar);
  return { folder, paths, containerd, runtime, cgroupRoot, image: testImageReference };
}

function placesIn(folder: string) {
  const paths = {
    root: join(folder, 'root'),
    state: join(folder, 'state'),
    socket: join(folder, 'c.sock'),
    cniConfDir: join(folder, 'cni'),
    cniBinDirs: ['/usr/lib/cni', '/opt/cni/bin'],
    log: silentLog,
  };
  return { paths, cgroupRoot: `/rempart-test-${folder.slice(-6)}` };
}

async function takeDown(folder: string, runtime: Runtime, containerd: Containerd | undefined): Promise<void> {
  const { paths, cgroupRoot } = placesIn(folder);
  if (containerd) await removeEveryPod(runtime).catch(() => {});
  await runtime.close();
  await containerd?.stop();
  // With what pods had mounted anywhere in the folder.
  await removeLeftovers({ ...paths, root: folder }, true);
  removePodCgroup(cgroupRoot);
}

/** Only its containerd knows all that belongs to the pods that a killed run left: it is taken up, or started again. */
async function removeAbandonedHost(folder: string): Promise<void> {
  const { paths } = placesIn(folder);
  const runtime = createContainerdRuntime({ socket: paths.socket, log: silentLog });
  await takeDown(folder, runtime, await startContainerd(paths).catch(() => undefined));
}

/** Pods with the addresses of others are mistaken for them, and tests wait for what never comes. */
function checkUnused(podCIDR: string): void {
  const { stdout = '' } = spawnSync('ip', ['-4', 'route', 'show', 'root', podCIDR], { encoding: 'utf8' });
  if (stdout.trim() === '') return;
  throw new Error(
    `this machine has routes to ${podCIDR}, which this test uses:\n${stdout}A run that was killed may have left them: ` +
      'ip link delete NAME removes an interface with its routes.',
  );
}

/** As the network room makes it: one routed veth per pod, no bridge. */
function routedNetwork(subnet: string, dataDir: string): string {
  const ipam = { type: 'host-local', dataDir, ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] };
  const plugins = [{ type: 'ptp', ipMasq: false, mtu: 1500, ipam }];
  return JSON.stringify({ cniVersion: '1.0.0', name: 'rempart-test', plugins });
}

async function removeEveryPod(runtime: Runtime): Promise<void> {
  for (const { id } of await runtime.listPods()) {
    await runtime.stopPod(id);
    await runtime.removePod(id);
  }
}

const security = {
  privileged: false,
  supplementalGroups: [],
  readOnlyRootFilesystem: false,
  noNewPrivileges: true,
  addCapabilities: [],
  dropCapabilities: [],
  seccomp: { type: 'RuntimeDefault' as const },
  maskedPaths: [],
  readonlyPaths: [],
};

/** A sandbox with nothing special; `changes` says what is. */
export function sandboxConfig(name: string, folder: string, changes: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    attempt: 0,
    hostname: name,
    logDirectory: join(folder, 'logs', name),
    labels: {},
    annotations: {},
    dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
    portMappings: [],
    cgroupParent: `${placesIn(folder).cgroupRoot}/pod-${name}`,
    sysctls: {},
    hostNetwork: false,
    hostPID: false,
    hostIPC: false,
    shareProcessNamespace: false,
    security,
    runtimeHandler: '',
    ...changes,
  };
}

/** A container running `command` of the test image. */
export function containerConfig(
  name: string,
  command: string[],
  changes: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    name,
    attempt: 0,
    image: testImageReference,
    command,
    args: [],
    workingDir: '',
    environment: [],
    mounts: [],
    devices: [],
    labels: {},
    annotations: {},
    logPath: `${name}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { cpuPeriodMicroseconds: 0, cpuQuotaMicroseconds: 0, cpuShares: 0, memoryLimitBytes: 0, oomScoreAdj: 0 },
    security,
    ...changes,
  };
}
