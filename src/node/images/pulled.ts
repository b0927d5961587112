import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '../../foundation/log.ts';
import { writePrivateFile } from '../../foundation/private-file.ts';
import type { RegistryCredentials } from '../runtimes/runtime.ts';

/** A login at a registry. */
type Login = NonNullable<RegistryCredentials>;

/**
 * With which logins the images on this node were pulled. Such a one is for whoever shows one of them, not for every pod
 * that knows its name; an image that came without a login, or from an archive, is for everybody.
 */
export type PulledImages = {
  note(id: string, login: Login | undefined): void;
  mayUse(id: string, logins: Login[]): boolean;
  /** More are known than a node has: those that are not there any more can be forgotten. */
  isFull(): boolean;
  keep(ids: Set<string>): void;
};

/** Of each image the logins that were noted last, or `everybody`; hashes only, so that the file tells no login. */
type Known = { salt: string; images: Record<string, string[]> };
const imagesMax = 2000;
/** Who shows one that was pushed out asks the registry again. */
const loginsMax = 100;
const everybody = '*';

/** Kept in a file of root's, over restarts. What cannot be read is forgotten, and said. */
export function createPulledImages(file: string, log: Log): PulledImages {
  const { salt, images } = read(file, log);
  const known = new Map(Object.entries(images));
  const hashOf = ({ username, password }: Login) =>
    createHash('sha256')
      .update(salt)
      .update(JSON.stringify([username, password]))
      .digest('base64url');
  const write = () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const next: Known = { salt, images: Object.fromEntries(known) };
    // An empty file, which a power cut could leave, would open every private image to every pod.
    writePrivateFile(file, JSON.stringify(next));
  };
  return {
    note(id, login) {
      const before = known.get(id) ?? [];
      const shown = login ? hashOf(login) : everybody;
      if (before.includes(everybody) || before.at(-1) === shown) return;
      const others = before.filter((hash) => hash !== shown);
      known.set(id, shown === everybody ? [everybody] : [...others, shown].slice(-loginsMax));
      write();
    },
    mayUse(id, logins) {
      const hashes = known.get(id);
      return (
        hashes === undefined || hashes.includes(everybody) || logins.some((login) => hashes.includes(hashOf(login)))
      );
    },
    isFull: () => known.size > imagesMax,
    keep(ids) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
      write();
    },
  };
}

function read(file: string, log: Log): Known {
  try {
    const { salt, images } = JSON.parse(readFileSync(file, 'utf8')) as Known;
    if (typeof salt === 'string' && typeof images === 'object' && images !== null) return { salt, images };
    log.error('by whom images were pulled is not known any more: the file is damaged', { file });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.error('by whom images were pulled is not known any more', { file, error });
  }
  return { salt: randomBytes(16).toString('base64url'), images: {} };
}
