import type { Log } from '../../foundation/log.ts';
import type { ImageService } from '../runtimes/runtime.ts';
import { credentialsFor, type PullSecret } from './credentials.ts';

export type Puller = {
  /** Resolves to the image's id. Tries each fitting credential, then none; rejects with what the registry said. */
  pull(reference: string, secrets: PullSecret[]): Promise<string>;
};

/** More pulls at once only make each of them slower. */
const pullsMax = 4;
const waitingMax = 500;

/** Pulls a few images at a time, the rest in order. Two pods never share a pull: each shows its own credentials. */
export function createPuller({ images, log }: { images: ImageService; log: Log }): Puller {
  let running = 0;
  const waiting: (() => void)[] = [];
  const enter = async () => {
    if (running < pullsMax) running += 1;
    else if (waiting.length >= waitingMax) throw new Error(`${waitingMax} images wait to be pulled: try again later`);
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };
  return {
    async pull(reference, secrets) {
      await enter();
      try {
        return await tryEach(images, log, reference, secrets);
      } finally {
        leave();
      }
    },
  };
}

async function tryEach(images: ImageService, log: Log, reference: string, secrets: PullSecret[]): Promise<string> {
  const { credentials, unreadable } = credentialsFor(reference, secrets);
  if (unreadable.length > 0) log.warn('pull secrets could not be read', { reference, places: unreadable });
  const failures: string[] = [];
  for (const one of [...credentials, undefined]) {
    try {
      return await images.pull(reference, one);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  // What the registry says to nobody in particular is the least telling; the first credential is the best fitting.
  throw new Error(failures[0]);
}
