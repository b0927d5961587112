import { createHash } from 'node:crypto';
import type { Image, ImageService } from '../../runtime.ts';

const sizeBytes = 20 * 2 ** 20;
const capacityBytes = 100 * 2 ** 30;

/** Every reference can be pulled, except those of `registry.invalid`; an image's id is made from its name. */
export function createSimulatedImages(): ImageService {
  const images = new Map<string, Image>();
  const find = (reference: string) =>
    [...images.values()].find(
      ({ id, tags, digests }) => id === reference || tags.includes(reference) || digests.includes(reference),
    );
  return {
    list: async () => [...images.values()],
    status: async (reference) => find(reference),
    async pull(reference) {
      if (reference.startsWith('registry.invalid/')) throw new Error(`failed to pull image "${reference}": not found`);
      const id = `sha256:${createHash('sha256').update(reference).digest('hex')}`;
      const repository = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
      const image = { id, tags: [reference], digests: [`${repository}@${id}`], sizeBytes, user: '', pinned: false };
      images.set(id, image);
      return id;
    },
    async remove(reference) {
      const image = find(reference);
      if (image) images.delete(image.id);
    },
    async usage() {
      const usedBytes = images.size * sizeBytes;
      return { usedBytes, capacityBytes, availableBytes: capacityBytes - usedBytes };
    },
  };
}
