import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { limitsOf } from '../../api/pod-resources.ts';
import { quantityValue } from '../../foundation/quantity.ts';
import { setGroup } from './ownership.ts';
import { VolumeError, type VolumeType } from './volume-type.ts';

const contents = 'data';

/** Scratch space that lives as long as the pod: on disk, or in memory with a limit. */
export const emptyDirVolume: VolumeType = {
  field: 'emptyDir',
  live: false,
  async mount({ pod, volume, directory, mounter }) {
    const { medium = '', sizeLimit } = volume.emptyDir!;
    if (medium !== '' && medium !== 'Memory')
      throw new VolumeError(`emptyDir "${volume.name}": medium ${medium} is not supported by this node`);
    const hostPath = join(directory, contents);
    await mkdir(hostPath, { recursive: true });
    await chmod(hostPath, 0o777);
    if (medium === 'Memory') {
      // A tmpfs without a limit would take half of the machine: the pod's own memory limit bounds it.
      const stated = sizeLimit === undefined ? 0 : quantityValue(sizeLimit);
      const limits = pod.spec!.containers.map(({ resources }) => quantityValue(limitsOf(resources)['memory']));
      const podLimit = limits.includes(0) ? 0 : limits.reduce((sum, bytes) => sum + bytes, 0);
      const bounds = [stated, podLimit].filter((bytes) => bytes > 0);
      const sizeBytes = bounds.length > 0 ? Math.min(...bounds) : undefined;
      // Any tmpfs is like /tmp unless it is told otherwise, and the kubelet does not tell it.
      await mounter.tmpfs(hostPath, { sizeBytes, mode: '1777' });
    }
    await setGroup(hostPath, pod);
    return { hostPath, readOnly: false };
  },
  async unmount({ directory, mounter }) {
    for (const point of await mounter.below(join(directory, contents))) await mounter.unmount(point);
  },
};
