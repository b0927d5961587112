import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container as ContainerSpec, Pod, Volume } from '../../api/schema/types.d.ts';
import { expand } from '../environment/expand.ts';
import type { NodeFacts } from '../environment/field-ref.ts';
import type { Mount } from '../runtimes/runtime.ts';
import { ConfigError } from '../security.ts';
import { configMapVolume } from './config-map.ts';
import { downwardApiVolume } from './downward-api.ts';
import { emptyDirVolume } from './empty-dir.ts';
import { hostPathVolume } from './host-path.ts';
import type { Mounter } from './mounter.ts';
import { claimVolume, ephemeralVolume } from './persistent.ts';
import { projectedVolume } from './projected.ts';
import { removeTree } from './remove-tree.ts';
import { secretVolume } from './secret.ts';
import { mountSubPath } from './sub-path.ts';
import { type MountedVolume, VolumeError, type VolumeSources, type VolumeType } from './volume-type.ts';

/** Every kind of volume this node can mount; any other is refused by name. */
export const volumeTypes: VolumeType[] = [
  claimVolume,
  configMapVolume,
  downwardApiVolume,
  emptyDirVolume,
  ephemeralVolume,
  hostPathVolume,
  projectedVolume,
  secretVolume,
];

export type PodVolumes = Map<string, MountedVolume>;

export type Volumes = {
  /** Mounts everything a pod uses; of what was mounted before only live volumes. Throws VolumeError naming the volume. */
  mount(pod: Pod, facts: NodeFacts, before?: PodVolumes): Promise<PodVolumes>;
  /** The mounts of one container, sub-paths included. */
  containerMounts(
    pod: Pod,
    container: ContainerSpec,
    mounted: PodVolumes,
    environment: Map<string, string>,
  ): Promise<Mount[]>;
  /** Unmounts everything of a pod and removes its directories. */
  release(podUid: string): Promise<void>;
  /** Uids of pods that have directories here: what a crash may have left. */
  present(): Promise<string[]>;
};

export type VolumesOptions = {
  /** Holds `<uid>/volumes/<name>`; on disk. */
  podsDirectory: string;
  /** Same, in memory. */
  memoryDirectory: string;
  localPathRoot: string;
  sources: VolumeSources;
  mounter: Mounter;
};

export function createVolumes(options: VolumesOptions): Volumes {
  const { podsDirectory, memoryDirectory, mounter } = options;

  async function mountOne(pod: Pod, volume: Volume, facts: NodeFacts, before?: MountedVolume): Promise<MountedVolume> {
    const type = volumeTypes.find(({ field }) => volume[field] !== undefined);
    const named = Object.keys(volume).find((key) => key !== 'name');
    if (type === undefined)
      throw new VolumeError(`volume "${volume.name}": type ${named} is not supported by this node`);
    if (before !== undefined && !type.live) return before;
    const directory = join(podsDirectory, pod.metadata!.uid!, 'volumes', volume.name);
    const inMemory = join(memoryDirectory, pod.metadata!.uid!, volume.name);
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await mkdir(inMemory, { recursive: true, mode: 0o755 });
    const { sources, localPathRoot } = options;
    const context = { pod, volume, directory, memoryDirectory: inMemory, facts, sources, mounter, localPathRoot };
    try {
      return await type.mount(context);
    } catch (error) {
      const message = `MountVolume.SetUp failed for volume "${volume.name}": ${(error as Error).message}`;
      throw new VolumeError(message, { cause: error });
    }
  }

  return {
    async mount(pod, facts, before) {
      const mounted: PodVolumes = new Map();
      for (const volume of pod.spec!.volumes ?? [])
        mounted.set(volume.name, await mountOne(pod, volume, facts, before?.get(volume.name)));
      return mounted;
    },

    async containerMounts(pod, container, mounted, environment) {
      if (container.volumeDevices?.length) throw new ConfigError('volumeDevices: this node has no block volumes');
      const mounts: Mount[] = [];
      const seen = new Set<string>();
      for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
        const volume = mounted.get(mount.name);
        if (volume === undefined)
          throw new ConfigError(`volumeMount names volume "${mount.name}", which does not exist`);
        if (seen.has(mount.mountPath)) throw new ConfigError(`two volumeMounts at ${mount.mountPath}`);
        seen.add(mount.mountPath);
        if (mount.recursiveReadOnly === 'Enabled')
          throw new ConfigError(
            `volumeMount ${mount.mountPath}: recursiveReadOnly: Enabled is not honoured by the container runtime of ` +
              'this node, mounts below would stay writable: ask for IfPossible if they may',
          );
        const subPath = mount.subPathExpr ? expandStrictly(mount.subPathExpr, environment) : (mount.subPath ?? '');
        let hostPath = volume.hostPath;
        if (subPath !== '') {
          const target = join(podsDirectory, pod.metadata!.uid!, 'sub-paths', container.name, `${index}-${mount.name}`);
          await mountSubPath(volume.hostPath, subPath, target, mounter);
          hostPath = target;
        }
        if (mount.mountPropagation && mount.mountPropagation !== 'None') await mounter.makeShared('/');
        mounts.push({
          hostPath,
          containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
          readOnly: (mount.readOnly ?? false) || volume.readOnly,
          propagation: propagations[mount.mountPropagation ?? 'None'] ?? 'private',
        });
      }
      return mounts;
    },

    async release(podUid) {
      checkUid(podUid);
      const directory = join(podsDirectory, podUid);
      for (const point of await mounter.below(directory)) await mounter.unmount(point);
      const left = await mounter.below(directory);
      // Removing through a mount would delete what is mounted: someone's data.
      if (left.length > 0) throw new VolumeError(`${left[0]} is still mounted`);
      await removeTree(directory);
      await removeTree(join(memoryDirectory, podUid));
    },

    async present() {
      const lists = [podsDirectory, memoryDirectory].map((path) => readdir(path).catch(() => [] as string[]));
      const uids = new Set((await Promise.all(lists)).flat());
      const found: string[] = [];
      for (const uid of uids) if (uidForm.test(uid) && (await isDirectory(join(podsDirectory, uid)))) found.push(uid);
      return found;
    },
  };
}

const propagations: Record<string, Mount['propagation']> = {
  None: 'private',
  HostToContainer: 'hostToContainer',
  Bidirectional: 'bidirectional',
};

const uidForm = /^[0-9A-Za-z-]{1,128}$/;

function checkUid(uid: string): void {
  if (!uidForm.test(uid)) throw new VolumeError(`pod uid ${JSON.stringify(uid)} cannot name a directory`);
}

const isDirectory = async (path: string) => (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;

/** Unlike env, `subPathExpr` must not keep names it does not know: the path would be somebody else's. */
function expandStrictly(text: string, environment: Map<string, string>): string {
  return expand(text, (name) => {
    const value = environment.get(name);
    if (value === undefined) throw new ConfigError(`subPathExpr ${text}: variable ${name} is not defined`);
    return value;
  });
}
