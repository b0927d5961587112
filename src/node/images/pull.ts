import type { Log } from '../../foundation/log.ts';
import type { ImageService, RegistryCredentials } from '../runtimes/runtime.ts';
import { credentialsFor, type PullSecret } from './credentials.ts';
import type { Proof, PulledImages } from './pulled.ts';

export type Puller = {
  /** Resolves to the image's id. Tries each fitting credential, then none; rejects with what the registry said. */
  pull(reference: string, uid: string, secrets: PullSecret[]): Promise<string>;
  /** Whether this pod may have an image that is on the node already; secrets are read only when that decides. */
  mayUse(id: string, reference: string, uid: string, secrets: () => Promise<PullSecret[]>): Promise<boolean>;
};

/** More pulls at once only make each of them slower. */
const pullsMax = 4;
const waitingMax = 500;

type Parts = { images: ImageService; pulled: PulledImages; log: Log };

/** Pulls a few images at a time, the rest in order. Two pods never share a pull: each shows its own credentials. */
export function createPuller({ images, pulled, log }: Parts): Puller {
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
    async pull(reference, uid, secrets) {
      await enter();
      try {
        const { id, login } = await tryEach(images, log, reference, secrets);
        if (login === undefined) pulled.note(id, 'everybody');
        else pulled.note(id, proofOf(login), `pod ${uid}`);
        if (pulled.isFull()) pulled.keep(new Set((await images.list()).map(({ id }) => id)));
        return id;
      } finally {
        leave();
      }
    },
    async mayUse(id, reference, uid, secrets) {
      if (pulled.mayUse(id, [`pod ${uid}`])) return true;
      const { credentials } = credentialsFor(reference, await secrets());
      const shown = credentials.map(proofOf).find((proof) => pulled.mayUse(id, [proof]));
      if (shown === undefined) return false;
      // The login, too: many pods that show it must not make it the oldest, which is forgotten.
      pulled.note(id, shown, `pod ${uid}`);
      return true;
    },
  };
}

type Login = NonNullable<RegistryCredentials>;
const proofOf = ({ username, password }: Login): Proof => `login ${JSON.stringify([username, password])}`;

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
