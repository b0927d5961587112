import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { repeat } from '../../foundation/repeat.ts';
import type { Image, ImageService, Runtime } from '../runtimes/runtime.ts';

export type ImageCollectorOptions = {
  images: ImageService;
  clock: Clock;
  log: Log;
  /** Ids of the images of every container that exists, running or not, and of pods about to start. */
  inUse(): Promise<Set<string>>;
  /** Collection begins when the disk is this full, and ends at `lowPercent`; 85 and 80 as in kubelet. */
  highPercent?: number;
  lowPercent?: number;
  /** An image that came just now may be for a container that is about to be made. */
  ageMsMin?: number;
};

export type ImageCollector = {
  /** Looks at the disk and removes what must go; resolves to the bytes that were freed. */
  collect(): Promise<number>;
  /** Removes every unused image whatever the disk says, as under disk pressure. */
  collectAll(): Promise<number>;
  stop(): void;
};

const everyMs = 5 * 60_000;
const minutes = 60_000;

/** Removes unused images, those unused for longest first, every five minutes or when asked. */
export function startImageCollector(options: ImageCollectorOptions): ImageCollector {
  const { images, clock, log, inUse, highPercent = 85, lowPercent = 80, ageMsMin = 2 * minutes } = options;
  const seen = new Map<string, { firstMs: number; lastUsedMs: number }>();

  const observe = async (): Promise<Image[]> => {
    const [all, used] = await Promise.all([images.list(), inUse()]);
    const nowMs = clock.now();
    for (const { id } of all) {
      const known = seen.get(id) ?? { firstMs: nowMs, lastUsedMs: 0 };
      seen.set(id, used.has(id) ? { ...known, lastUsedMs: nowMs } : known);
    }
    for (const id of seen.keys()) if (!all.some((image) => image.id === id)) seen.delete(id);
    return all.filter(({ id, pinned }) => !pinned && !used.has(id));
  };
  const order = (a: Image, b: Image) => {
    const [first, second] = [seen.get(a.id)!, seen.get(b.id)!];
    return first.lastUsedMs - second.lastUsedMs || first.firstMs - second.firstMs;
  };
  const free = async (wantedBytes: number, ageMs: number): Promise<number> => {
    let freedBytes = 0;
    const unused = (await observe()).filter(({ id }) => clock.now() - seen.get(id)!.firstMs >= ageMs).sort(order);
    for (const { id, sizeBytes, tags } of unused) {
      if (freedBytes >= wantedBytes) break;
      // A container may have been made with it since the list was read.
      if ((await inUse()).has(id)) continue;
      try {
        await images.remove(id);
        freedBytes += sizeBytes;
        log.info('an unused image was removed', { image: tags[0] ?? id, sizeBytes });
      } catch (error) {
        log.warn('an unused image could not be removed', { image: tags[0] ?? id, error });
      }
    }
    return freedBytes;
  };
  const collect = async () => {
    const { capacityBytes, availableBytes } = await images.usage();
    await observe();
    if (capacityBytes === 0 || 100 - (availableBytes * 100) / capacityBytes < highPercent) return 0;
    const wantedBytes = (capacityBytes * (100 - lowPercent)) / 100 - availableBytes;
    const freedBytes = await free(wantedBytes, ageMsMin);
    if (freedBytes < wantedBytes)
      log.warn('the disk stays full: too few images are unused', { wantedBytes, freedBytes });
    return freedBytes;
  };

  const round = async () => {
    await collect().catch((error) => log.warn('images could not be collected', { error }));
    return everyMs;
  };
  return {
    collect,
    collectAll: () => free(Number.POSITIVE_INFINITY, 0),
    stop: repeat(clock, round, everyMs),
  };
}

/** Ids of the images that containers are made from, ended ones included. */
export async function imagesInUse(runtime: Runtime): Promise<Set<string>> {
  const containers = (await runtime.listPods()).flatMap((sandbox) => sandbox.containers);
  const named = new Set(containers.flatMap(({ image, imageId }) => [image, imageId]));
  // Runtimes name a container's image by its id, its digest or its tag.
  const used = (await runtime.images.list()).filter(({ id, tags, digests }) =>
    [id, ...tags, ...digests].some((name) => named.has(name)),
  );
  return new Set(used.map(({ id }) => id));
}
