import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '../../foundation/log.ts';
import { writePrivateFile } from '../../foundation/private-file.ts';

/** What shows that a pod may have an image: a login at its registry, or that it had the image before. */
export type Proof = `login ${string}` | `pod ${string}`;

/**
 * By whom the images on this node were pulled. One that came with a login is for whoever shows that login, not for every
 * pod that knows its name; one that came without, or from an archive, is for everybody.
 */
export type PulledImages = {
  note(id: string, ...proofs: (Proof | 'everybody')[]): void;
  mayUse(id: string, proofs: Proof[]): boolean;
  /** More are known than a node has: those that are not there any more can be forgotten. */
  isFull(): boolean;
  keep(ids: Set<string>): void;
};

/** Of each image the proofs that were shown last; hashes only, so that the file tells no login. */
type Known = { salt: string; images: Record<string, string[]> };
const imagesMax = 2000;
const proofsMax = 200;
const everybody = '*';

/** Kept in a file of root's, over restarts. What cannot be read is forgotten, and said. */
export function createPulledImages(file: string, log: Log): PulledImages {
  const { salt, images } = read(file, log);
  const known = new Map(Object.entries(images));
  const hashOf = (proof: string) => createHash('sha256').update(salt).update(proof).digest('base64url');
  const write = () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const next: Known = { salt, images: Object.fromEntries(known) };
    // An empty file, which a power cut could leave, would open every private image to every pod.
    writePrivateFile(file, JSON.stringify(next));
  };
  return {
    note(id, ...proofs) {
      const shown = proofs.map((proof) => (proof === 'everybody' ? everybody : hashOf(proof)));
      const before = known.get(id) ?? [];
      if (before.includes(everybody) || shown.every((hash) => before.includes(hash))) return;
      const others = before.filter((hash) => !shown.includes(hash));
      known.set(id, shown.includes(everybody) ? [everybody] : [...others, ...shown].slice(-proofsMax));
      write();
    },
    mayUse(id, proofs) {
      const hashes = known.get(id);
      return (
        hashes === undefined || hashes.includes(everybody) || proofs.some((proof) => hashes.includes(hashOf(proof)))
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
