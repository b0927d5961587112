import type { JudgedObject, Manifest } from '../contract.ts';
import { kindName } from '../object-ref.ts';
import { ownersOf } from '../snapshot/owners.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { podOf } from '../workload.ts';

/**
 * Every object of a cluster once: what controllers made of a template stands with the topmost owner that is there.
 * Revisions that are kept for a rollback (ReplicaSets scaled to nothing) are left out: nothing runs by them.
 */
export function judgedObjects(snapshot: Snapshot): JudgedObject[] {
  const { topOf } = ownersOf(snapshot);
  const judged = new Map<Manifest, JudgedObject & { made: Manifest[] }>();
  const entryOf = (object: Manifest) => {
    const entry = judged.get(object) ?? { object, made: [] };
    judged.set(object, entry);
    return entry;
  };
  for (const object of snapshot.objects) {
    const top = podOf(object) === undefined ? object : topOf(object);
    // Owners are of the same namespace and own in one direction; references that say otherwise are not believed.
    const believed = top.metadata.namespace === object.metadata.namespace && topOf(top) === top;
    if (top === object || !believed) entryOf(object);
    else if (!isRevision(object)) entryOf(top).made.push(object);
  }
  return [...judged.values()];
}

const isRevision = (object: Manifest) => kindName(object) === 'ReplicaSet.apps' && object['spec'].replicas === 0;
