import type { Manifest } from '../contract.ts';
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

/**
 * As `oncePerSnapshot`, of what rests on nothing but objects of these kinds: a snapshot with changes to others shares it
 * with the one of before.
 */
export function oncePerKinds<T extends object, S extends Pick<Snapshot, 'of'> = Snapshot>(
  kinds: string[],
  derive: (snapshot: S) => T,
): (snapshot: S) => T {
  const known = new WeakMap<Manifest[], { lists: Manifest[][]; derived: T }>();
  return (snapshot) => {
    const lists = kinds.map((kind) => snapshot.of(kind));
    const found = known.get(lists[0]!);
    if (found !== undefined && lists.every((list, at) => list === found.lists[at])) return found.derived;
    const derived = derive(snapshot);
    known.set(lists[0]!, { lists, derived });
    return derived;
  };
}
