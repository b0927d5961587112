import type { Clock } from '../foundation/clock.ts';
import type { Evictor } from './eviction/evictor.ts';
import type { NodeFindings } from './reporting/node-status.ts';
import type { Image, Runtime } from './runtimes/runtime.ts';

export type InspectionOptions = {
  runtime: Pick<Runtime, 'status' | 'version' | 'images'>;
  evictor: Pick<Evictor, 'look'>;
  clock: Clock;
};

/** What hardly changes is asked for once a minute. */
const describeMs = 60_000;

/** How the node is, for its status; a runtime that does not answer is one of the things it can be. */
export function createInspection({ runtime, evictor, clock }: InspectionOptions): () => Promise<NodeFindings> {
  let version = { name: 'containerd', version: 'unknown' };
  let images: Image[] = [];
  let describedMs = Number.NEGATIVE_INFINITY;

  return async () => {
    const failed = (error: Error) => ({ ready: false, networkReady: false, message: error.message });
    const status = await runtime.status().catch(failed);
    if (status.ready && clock.monotonicMs() - describedMs > describeMs) {
      version = await runtime.version();
      // They only describe the node: without them it is as ready.
      images = await runtime.images.list().catch(() => images);
      describedMs = clock.monotonicMs();
    }
    return { runtime: { ...status, ...version }, pressure: await evictor.look(), images };
  };
}
