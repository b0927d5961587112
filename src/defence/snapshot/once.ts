import type { Snapshot } from './snapshot.ts';

/** What is derived of a snapshot, made when it is first asked for: snapshots never change, and many ask the same. */
export function oncePerSnapshot<T extends object>(derive: (snapshot: Snapshot) => T): (snapshot: Snapshot) => T {
  const known = new WeakMap<Snapshot, T>();
  return (snapshot) => {
    const found = known.get(snapshot) ?? derive(snapshot);
    known.set(snapshot, found);
    return found;
  };
}
