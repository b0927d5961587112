import type { Log } from '../../foundation/log.ts';
import { createPlaces } from '../places.ts';
import type { ImageService } from '../runtimes/runtime.ts';
import { credentialsFor, type PullSecret } from './credentials.ts';
import type { PulledImages } from './pulled.ts';

export type Puller = {
  /** Resolves to the image's id. Tries each fitting credential, then none; rejects with what the registry said. */
  pull(reference: string, secrets: PullSecret[]): Promise<string>;
  /** Whether an image that is on the node is for who has these secrets; they are read only when that decides. */
  mayUse(id: string, reference: string, secrets: () => Promise<PullSecret[]>): Promise<boolean>;
};

/** More pulls at once only make each of them slower. */
const pullsMax = 4;
const waitingMax = 500;

/** Longer than any system's names. */
export const userBytesMax = 1024;

type Parts = { images: ImageService; pulled: PulledImages; log: Log };

/** Pulls a few images at a time, the rest in order. Two pods never share a pull: each shows its own credentials. */
export function createPuller({ images, pulled, log }: Parts): Puller {
  const places = createPlaces('pulls of images', pullsMax, waitingMax);
  return {
    pull: (reference, secrets) =>
      places.run(async () => {
        const { id, login } = await tryEach(images, log, reference, secrets);
        await refuseUnlistable(images, id);
        pulled.note(id, login);
        if (pulled.isFull()) pulled.keep(new Set((await images.list()).map(({ id }) => id)));
        return id;
      }),
    mayUse: async (id, reference, secrets) =>
      pulled.mayUse(id, []) || pulled.mayUse(id, credentialsFor(reference, await secrets()).credentials),
  };
}

/** The runtime lists all images in one message of bounded size, each with its user: one that fills it hides them all. */
async function refuseUnlistable(images: ImageService, id: string): Promise<void> {
  const user = await images.status(id).then(
    (image) => image?.user ?? '',
    () => undefined,
  );
  if (user !== undefined && Buffer.byteLength(user) <= userBytesMax) return;
  await images.remove(id);
  throw new Error(`the image names a user of more than ${userBytesMax} bytes, or cannot be read: it was removed again`);
}

async function tryEach(images: ImageService, log: Log, reference: string, secrets: PullSecret[]) {
  const { credentials, unreadable } = credentialsFor(reference, secrets);
  if (unreadable.length > 0) log.warn('pull secrets could not be read', { reference, places: unreadable });
  const failures: string[] = [];
  for (const login of [...credentials, undefined]) {
    try {
      return { id: await images.pull(reference, login), login };
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  // What the registry says to nobody in particular is the least telling; the first credential is the best fitting.
  throw new Error(failures[0]);
}
