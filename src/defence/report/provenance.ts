import { programVersion } from '../../foundation/program-version.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** When, by what and on what a report was made: it is kept, compared and sent to others. */
export type Provenance = {
  /** ISO 8601: when the objects were read. */
  madeAt: string;
  /** `rempart 1.2.3` */
  madeBy: string;
  source: Snapshot['source'];
  /** The folder, or `cluster NAME at https://…`. */
  about: string;
};

/** Of a report on what a source gave. */
export const provenanceOf = ({ snapshot, about }: { snapshot: Snapshot; about: string }): Provenance => ({
  madeAt: new Date(snapshot.takenAtMs).toISOString(),
  madeBy: `rempart ${programVersion()}`,
  source: snapshot.source,
  about,
});
