import type { Pod } from '../../api/schema/types.d.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { repeat } from '../../foundation/repeat.ts';
import type { Cgroups } from '../cgroups.ts';
import type { Pressure } from '../machine.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { type Candidate, evictionOrder } from './order.ts';
import { createPressureMemory, crossed, isCritical, pressureRefusal, type UnderPressure } from './pressure.ts';
import { isBounded, storageExcess } from './storage-limits.ts';
import { readStorage, type StorageUsage, type StoredPod, totalBytes } from './storage-usage.ts';

export type EvictorOptions = {
  /** Pods that run and are not being stopped. */
  pods(): StoredPod[];
  runtime: Pick<Runtime, 'writableBytes'>;
  cgroups: Pick<Cgroups, 'usage'>;
  readPressure(): Pressure;
  /** Removes images that no container uses; true when that freed something. */
  freeImages(): Promise<boolean>;
  /** Stops a pod at once and for good. */
  evict(pod: Pod, message: string): void;
  clock: Clock;
  log: Log;
};

/** Makes room on a node that runs out of something, and sends away who wrote more to its disk than it may. */
export type Evictor = {
  /** Reads how the machine is. Once started, one pod goes at each look under pressure, when nothing cheaper helps. */
  look(): Promise<UnderPressure>;
  /** Why a node under pressure does not take this pod now. */
  refusal(pod: Pod): string | undefined;
  /** What a pod whose storage is limited had on the disk when that was looked at last; of others nobody reads it. */
  measured(uid: string): { bytes: number; atMs: number } | undefined;
  start(): void;
  stop(): void;
};

const limitsEveryMs = 10_000;
const texts = { memory: 'memory', disk: 'ephemeral-storage', processes: 'pids' };

export function createEvictor(options: EvictorOptions): Evictor {
  const { pods, runtime, cgroups, clock, log } = options;
  const remember = createPressureMemory();
  let under: UnderPressure = { memory: false, disk: false, processes: false };
  let measured = new Map<string, { bytes: number; atMs: number }>();
  let isStarted = false;
  let end = () => {};

  const storageOf = (stored: StoredPod): Promise<StorageUsage | undefined> =>
    readStorage(stored, runtime).catch((error) => {
      log.warn('what a pod has on the disk cannot be read', { pod: stored.pod.metadata.name, error });
      return undefined;
    });

  async function candidateOf(stored: StoredPod, signal: keyof UnderPressure): Promise<Candidate> {
    const { workingSetBytes = 0, processes = 0 } = (await cgroups.usage(stored.pod)) ?? {};
    const storage = signal === 'disk' ? await storageOf(stored) : undefined;
    return { pod: stored.pod, workingSetBytes, processes, diskBytes: storage ? totalBytes(storage) : 0 };
  }

  async function relieve(now: UnderPressure): Promise<void> {
    if (now.disk && (await options.freeImages())) return;
    const signal = (['memory', 'disk', 'processes'] as const).find((key) => now[key]);
    if (signal === undefined) return;
    const candidates: Candidate[] = [];
    for (const stored of pods()) candidates.push(await candidateOf(stored, signal));
    const [first] = evictionOrder(candidates, signal);
    if (first) options.evict(first.pod, `The node was low on resource: ${texts[signal]}.`);
  }

  async function enforceLimits(): Promise<number> {
    const now: typeof measured = new Map();
    for (const stored of pods().filter(({ pod }) => isBounded(pod) && !isCritical(pod))) {
      const storage = await storageOf(stored);
      if (storage === undefined) continue;
      now.set(stored.pod.metadata.uid!, { bytes: totalBytes(storage), atMs: clock.now() });
      const message = storageExcess(stored.pod, storage);
      if (message !== undefined) options.evict(stored.pod, message);
    }
    measured = now;
    return limitsEveryMs;
  }

  return {
    async look() {
      const now = crossed(options.readPressure());
      under = remember(now, clock.monotonicMs());
      if (isStarted) await relieve(now);
      return under;
    },
    refusal: (pod) => pressureRefusal(pod, under),
    measured: (uid) => measured.get(uid),
    start() {
      isStarted = true;
      end = repeat(clock, enforceLimits);
    },
    stop() {
      isStarted = false;
      end();
    },
  };
}
