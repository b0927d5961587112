import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../src/foundation/log.ts';
import { createContainerdRuntime } from '../src/node/node.ts';

const security = {
  ...{ privileged: false, supplementalGroups: [], readOnlyRootFilesystem: false, noNewPrivileges: true },
  ...{ addCapabilities: [], dropCapabilities: ['ALL'], maskedPaths: [], readonlyPaths: [] },
  seccomp: { type: 'RuntimeDefault' as const },
};

/** What containerd takes for one pod when it is asked directly: sandbox, container, start; in milliseconds. */
export async function measureCri(socket: string, image: string, index: number): Promise<number> {
  const runtime = createContainerdRuntime({ socket, log: silentLog });
  const logDirectory = mkdtempSync(join(tmpdir(), 'rempart-cri-'));
  const found = await runtime.images.status(image);
  if (!found) throw new Error(`containerd does not have ${image}`);
  try {
    const startedMs = performance.now();
    const sandbox = await runtime.runPod({
      ...{ name: `cri-${index}`, namespace: 'bench', uid: `cri-${process.pid}-${index}`, attempt: 0, hostname: 'cri' },
      ...{
        logDirectory,
        labels: {},
        annotations: {},
        dns: { servers: [], searches: [], options: [] },
        portMappings: [],
      },
      ...{ cgroupParent: '', sysctls: {}, hostNetwork: false, hostPID: false, hostIPC: false },
      ...{ shareProcessNamespace: false, security, runtimeHandler: '' },
    });
    const container = await runtime.createContainer(sandbox, {
      ...{
        name: 'redis',
        attempt: 0,
        image: found.id,
        command: [],
        args: ['--save', ''],
        workingDir: '',
        environment: [],
      },
      ...{ mounts: [], devices: [], labels: {}, annotations: {}, logPath: 'redis.log', stdin: false, stdinOnce: false },
      ...{ tty: false, security: { ...security, runAsUser: 10001 } },
      resources: {
        cpuPeriodMicroseconds: 0,
        cpuQuotaMicroseconds: 0,
        cpuShares: 2,
        memoryLimitBytes: 0,
        oomScoreAdj: 0,
      },
    });
    await runtime.startContainer(container);
    const tookMs = performance.now() - startedMs;
    await runtime.stopContainer(container, 0);
    await runtime.stopPod(sandbox);
    await runtime.removePod(sandbox);
    return tookMs;
  } finally {
    await runtime.close();
    rmSync(logDirectory, { recursive: true, force: true });
  }
}
