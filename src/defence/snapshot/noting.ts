import type { Manifest } from '../contract.ts';
import { kindName, nameOf } from '../object-ref.ts';

/** What is missing, and why: nothing that depends on it may be called allowed or denied. */
export type NotAssessed = { what: string; why: string };

/** Converts one by one: what cannot be is noted, not thrown. */
export type TryEach = <T>(objects: Manifest[], convert: (object: Manifest, written: Manifest) => T) => T[];

export const noting =
  (notAssessed: NotAssessed[]): TryEach =>
  (objects, convert) => {
    const converted: ReturnType<typeof convert>[] = [];
    for (const object of objects)
      try {
        converted.push(convert(placed(object), object));
      } catch (error) {
        const why = `an API server would refuse it (${(error as Error).message})`;
        notAssessed.push({ what: `${kindName(object)} ${nameOf(object)}`, why });
      }
    return converted;
  };

const placements = new WeakMap<Manifest, Manifest>();
const clusterScoped = new Set(['Namespace', 'Node']);

/** A manifest that names no namespace is meant for `default`. The same object gives the same one. */
function placed(object: Manifest): Manifest {
  if (object.metadata.namespace || clusterScoped.has(object.kind)) return object;
  let copy = placements.get(object);
  if (copy === undefined) {
    copy = { ...object, metadata: { ...object.metadata, namespace: 'default' } };
    placements.set(object, copy);
  }
  return copy;
}
