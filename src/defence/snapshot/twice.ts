import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../contract.ts';
import { refKey, refOf } from '../object-ref.ts';

/** Why nothing is concluded from an object of which there are two. */
export const standsTwice = 'it stands here twice and differs: which one counts is decided by what is applied last';

/**
 * Of manifests, the objects that stand a second time and are not as they were the first time: two environments in one
 * folder, or one file that undoes another. Whoever names no namespace may mean `default`.
 */
export function contradicting(objects: Manifest[]): Manifest[] {
  const first = new Map<string, Manifest>();
  return objects.filter((object) => {
    const ref = refOf(object);
    // What gets its name when it is created is another object each time.
    if (typeof ref.name !== 'string') return false;
    const key = refKey({ ...ref, namespace: ref.namespace || 'default' });
    const known = first.get(key);
    if (known === undefined) first.set(key, object);
    return known !== undefined && !isDeepStrictEqual(known, object);
  });
}
