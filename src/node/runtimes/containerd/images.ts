import { statfs } from 'node:fs/promises';
import type { ImageService } from '../runtime.ts';
import type { Connection } from './connection.ts';
import { isNotFound } from './connection.ts';
import { imageFrom } from './responses.ts';

/** A large image over a slow line; containerd itself gives up on a pull that makes no progress. */
const pullMsMax = 60 * 60_000;

export function createImageService({ call }: Connection): ImageService {
  return {
    async list() {
      return (await call('ListImages', {})).images.map(imageFrom);
    },
    async status(reference) {
      const { image } = await call('ImageStatus', { image: { image: reference } });
      return image === undefined ? undefined : imageFrom(image);
    },
    async pull(reference, credentials) {
      return (await call('PullImage', { image: { image: reference }, auth: credentials }, pullMsMax)).imageRef;
    },
    async remove(reference) {
      await call('RemoveImage', { image: { image: reference } }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    },
    async usage() {
      const filesystem = (await call('ImageFsInfo', {})).imageFilesystems[0];
      const disk = await statfs(filesystem?.fsId?.mountpoint ?? '/');
      return {
        usedBytes: Number(filesystem?.usedBytes?.value ?? 0n),
        capacityBytes: disk.blocks * disk.bsize,
        availableBytes: disk.bavail * disk.bsize,
      };
    },
  };
}
