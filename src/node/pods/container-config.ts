import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container as ContainerSpec, EphemeralContainer, Pod } from '../../api/schema/types.d.ts';
import { appArmorProfile } from '../app-armor.ts';
import { environment } from '../environment/environment.ts';
import { expand } from '../environment/expand.ts';
import { hostsFile } from '../environment/host-names.ts';
import { linuxResources } from '../resources.ts';
import type { ContainerConfig, Image, Mount, Sandbox } from '../runtimes/runtime.ts';
import { ConfigError, containerSecurity } from '../security.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import type { NodeContext } from './context.ts';
import { specHash } from './outcome.ts';
import { hostsFileOf, messageFileOf } from './own-files.ts';
import { resourcesAnnotation, resourcesText } from './resize.ts';
import { podLabels } from './sandbox-config.ts';

export type ContainerPlan = {
  pod: Pod;
  spec: ContainerSpec & Pick<EphemeralContainer, 'targetContainerName'>;
  attempt: number;
  sandbox: Sandbox;
  image: Image;
  volumes: PodVolumes;
};

/** Everything the runtime needs to create one container. Throws ConfigError for what the pod got wrong. */
export async function containerConfig(plan: ContainerPlan, context: NodeContext): Promise<ContainerConfig> {
  const { pod, spec, attempt, sandbox, image, volumes } = plan;
  const ips = pod.spec!.hostNetwork ? [context.hostIP] : sandbox.ips;
  const { seccompDirectory } = context;
  const seccomp = { seccompDefault: context.seccompDefault(), seccompDirectory };
  const security = containerSecurity(pod, spec, image, seccomp);
  const variables = await environment(pod, spec, context.facts(ips), context.sources);
  const byName = new Map(variables.map(({ name, value }) => [name, value]));
  const expanded = (words: string[] = []) => words.map((word) => expand(word, (name) => byName.get(name)));
  const mounts = await context.volumes.containerMounts(pod, spec, volumes, byName);
  return {
    name: spec.name,
    attempt,
    image: image.id,
    command: expanded(spec.command),
    args: expanded(spec.args),
    workingDir: spec.workingDir ?? '',
    environment: variables.some(({ name }) => name === 'HOSTNAME')
      ? variables
      : [{ name: 'HOSTNAME', value: pod.spec!.hostname ?? pod.metadata!.name! }, ...variables],
    mounts: [...mounts, ...(await ownMounts(plan, ips, context))],
    devices: [],
    labels: { ...podLabels(pod), 'io.kubernetes.container.name': spec.name },
    annotations: {
      'rempart.io/spec-hash': specHash(spec),
      [resourcesAnnotation]: resourcesText(spec),
      'io.kubernetes.container.restartCount': String(attempt),
    },
    logPath: `${spec.name}/${attempt}.log`,
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
    resources: linuxResources(pod, spec, context.nodeMemoryBytes),
    security: { ...security, appArmor: appArmorProfile(pod, spec) },
    processesOf: targetOf(spec, sandbox),
  };
}

/** `kubectl debug --target`: an ephemeral container may look at the processes of another one, which must run. */
function targetOf({ targetContainerName }: ContainerPlan['spec'], { containers }: Sandbox): string | undefined {
  if (!targetContainerName) return undefined;
  const target = containers.find(({ name, state }) => name === targetContainerName && state === 'running');
  if (target === undefined) throw new ConfigError(`the target container "${targetContainerName}" does not run`);
  return target.id;
}

/** /etc/hosts and the termination message: files of the agent's own, unless the pod mounts something there itself. */
async function ownMounts({ pod, spec, attempt }: ContainerPlan, ips: string[], context: NodeContext): Promise<Mount[]> {
  const taken = new Set((spec.volumeMounts ?? []).map(({ mountPath }) => mountPath));
  const directory = join(context.podsDirectory, pod.metadata!.uid!);
  await mkdir(directory, { recursive: true });
  const mounts: Mount[] = [];
  const add = (hostPath: string, containerPath: string) =>
    mounts.push({ hostPath, containerPath, readOnly: false, propagation: 'private' });
  if (!taken.has('/etc/hosts')) {
    const path = hostsFileOf(context.podsDirectory, pod);
    const hostFile = pod.spec!.hostNetwork ? await readFile('/etc/hosts', 'utf8').catch(() => '') : '';
    await writeFile(path, hostsFile(pod, ips, context.clusterDns.domain, hostFile));
    await chmod(path, 0o644);
    add(path, '/etc/hosts');
  }
  const messagePath = spec.terminationMessagePath ?? '/dev/termination-log';
  if (!taken.has(messagePath)) {
    const path = messageFileOf(context.podsDirectory, pod, spec.name, attempt);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, '');
    await chmod(path, 0o666);
    add(path, messagePath);
  }
  return mounts;
}
