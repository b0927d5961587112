import type { Cache } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { type ImageCollector, imagesInUse, startImageCollector } from './images/collect.ts';
import { startLogRotation } from './logs/rotate.ts';
import type { Running } from './running.ts';
import type { Runtime } from './runtimes/runtime.ts';
import { startReclaim } from './volumes/reclaim.ts';

export type HousekeepingOptions = {
  nodeName: string;
  runtime: Runtime;
  running: Pick<Running, 'containers' | 'mounts'>;
  /** Whose directories this node removes when they are deleted; without it none. */
  persistentVolumes?: { cache: Cache<any>; client: Client };
  localPathRoot: string;
  clock: Clock;
  log: Log;
};

/** What keeps a node's disk in order while pods run: unused images, long logs, volumes that nobody wants any more. */
export type Housekeeping = {
  start(): void;
  /** Removes every unused image; true when that freed something. */
  freeImages(): Promise<boolean>;
  stop(): void;
};

export function createHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { nodeName, runtime, running, persistentVolumes, localPathRoot, clock, log } = options;
  let images: ImageCollector | undefined;
  const stops: (() => void)[] = [];
  return {
    start() {
      images = startImageCollector({ images: runtime.images, clock, log, inUse: () => imagesInUse(runtime) });
      const rotation = startLogRotation({ clock, log, containers: running.containers, reopen: runtime.reopenLog });
      stops.push(images.stop, rotation.stop);
      if (persistentVolumes === undefined) return;
      const { cache: volumes, client } = persistentVolumes;
      stops.push(startReclaim({ client, volumes, nodeName, localPathRoot, inUse: running.mounts, clock, log }));
    },
    freeImages: async () => ((await images?.collectAll()) ?? 0) > 0,
    stop() {
      for (const stop of stops) stop();
    },
  };
}
