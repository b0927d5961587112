import { chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import type { PersistentVolume } from '../../api/schema/types.d.ts';
import { checkHostPath } from './host-path.ts';
import { setGroup } from './ownership.ts';
import { removeTree } from './remove-tree.ts';
import { leavesParent } from './sub-path.ts';
import { type MountedVolume, type VolumeContext, VolumeError, type VolumeType } from './volume-type.ts';

/** The claim a pod names; the volume bound to it must be a directory of this node. */
export const claimVolume: VolumeType = {
  field: 'persistentVolumeClaim',
  live: false,
  mount: (context) => {
    const { claimName, readOnly = false } = context.volume.persistentVolumeClaim!;
    return mountClaim(context, claimName, readOnly);
  },
};

/** A claim of the pod's own, made by a controller and named after pod and volume. */
export const ephemeralVolume: VolumeType = {
  field: 'ephemeral',
  live: false,
  mount: (context) => mountClaim(context, `${context.pod.metadata!.name}-${context.volume.name}`, false),
};

async function mountClaim(context: VolumeContext, claimName: string, readOnly: boolean): Promise<MountedVolume> {
  const { pod, sources, localPathRoot } = context;
  const what = `persistentvolumeclaim "${claimName}"`;
  const claim = await sources.claim(pod.metadata!.namespace!, claimName);
  if (claim === undefined) throw new VolumeError(`${what} not found`);
  if (claim.status?.phase !== 'Bound' || !claim.spec?.volumeName) throw new VolumeError(`${what} is not bound`);
  const volume = await sources.persistentVolume(claim.spec.volumeName);
  if (volume === undefined) throw new VolumeError(`persistentvolume "${claim.spec.volumeName}" not found`);
  if (volume.spec?.claimRef?.uid !== claim.metadata?.uid)
    throw new VolumeError(`persistentvolume "${claim.spec.volumeName}" is bound to another claim`);
  const { mountOptions = [] } = volume.spec!;
  if (mountOptions.length > 0)
    throw new VolumeError(
      `persistentvolume "${claim.spec.volumeName}": directories are bound as they are, its mountOptions ` +
        `(${mountOptions.join(', ')}) would not hold: remove them`,
    );
  const hostPath = volumePath(volume);
  if (isInside(localPathRoot, hostPath)) await makeLocal(localPathRoot, hostPath);
  else
    await checkHostPath(
      hostPath,
      volume.spec?.hostPath?.type ?? 'Directory',
      `persistentvolume "${claim.spec.volumeName}"`,
    );
  if (!readOnly) await setGroup(hostPath, pod);
  return { hostPath, readOnly };
}

/** Where on its node a volume lies; undefined: on none. */
export function pathOnNode({ spec }: PersistentVolume): string | undefined {
  const path = spec?.local?.path ?? spec?.hostPath?.path;
  return path === undefined ? undefined : normalize(path);
}

function volumePath(volume: PersistentVolume): string {
  const path = pathOnNode(volume);
  if (path !== undefined) return path;
  throw new VolumeError(
    `persistentvolume "${volume.metadata?.name}" is neither local nor hostPath: this node cannot mount it`,
  );
}

/** Strictly below: the root itself is no volume. */
export function isInside(root: string, path: string): boolean {
  const inner = relative(root, normalize(path));
  return path.startsWith('/') && inner !== '' && !leavesParent(inner);
}

/**
 * A provisioned directory is made when it is first mounted. Any user may write, since the pod decides who it is; the
 * root above it is closed, so that this means users in pods and not those of the machine.
 */
async function makeLocal(root: string, path: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await chmod(path, 0o777);
}

/**
 * Removes the directory of a released volume whose reclaim policy is Delete. Refuses whatever is not a real directory
 * below the root: a volume object may say anything, and the node is root.
 */
export async function removeLocal(root: string, volume: PersistentVolume): Promise<void> {
  const path = volumePath(volume);
  const name = volume.metadata?.name;
  if (!isInside(root, path)) throw new VolumeError(`persistentvolume "${name}": ${path} is outside of ${root}`);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const parent = await realpath(dirname(path));
  const real = await realpath(root);
  const inside = parent === real || isInside(real, parent);
  if (!found.isDirectory() || !inside)
    throw new VolumeError(`persistentvolume "${name}": ${path} leads outside of ${root}`);
  await removeTree(join(parent, relative(dirname(path), path)));
}
