import { isObject, setOwn } from '../../foundation/json.ts';

/** Where a JSON pointer leads (RFC 6901): a field of an object or an item of a list, which need not be there. */
export type Place = { holder: unknown; key: string };

/** The value that pointers start from stands in an object of its own, so that the whole has a place as well. */
export type Root = { '': unknown };

export function placeOf(root: Root, pointer: string): Place {
  const keys = pointer.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = keys.pop()!;
  return { holder: keys.reduce<unknown>((holder, key) => read({ holder, key }), root), key };
}

/** Undefined where nothing is. Only what JSON has is looked at: every object of JavaScript has a `toString`, every list a `length`. */
export function read({ holder, key }: Place): unknown {
  if (Array.isArray(holder)) return isIndex(key) ? holder[Number(key)] : undefined;
  return isObject(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined;
}

const isIndex = (key: string): boolean => /^(0|[1-9]\d{0,9})$/.test(key);

/** Adds a field, or an item before the one that stands there: false where neither can be. */
export function insert({ holder, key }: Place, value: unknown): boolean {
  if (Array.isArray(holder)) {
    const index = key === '-' ? holder.length : isIndex(key) ? Number(key) : Number.POSITIVE_INFINITY;
    if (index <= holder.length) holder.splice(index, 0, value);
    return index <= holder.length;
  }
  if (isObject(holder)) setOwn(holder, key, value);
  return isObject(holder);
}

/** As `insert`, but an item takes the place of the one that stands there. */
export function put(place: Place, value: unknown): boolean {
  if (!Array.isArray(place.holder)) return insert(place, value);
  const isThere = read(place) !== undefined;
  if (isThere) place.holder[Number(place.key)] = value;
  return isThere;
}

export function remove(place: Place): boolean {
  if (read(place) === undefined) return false;
  if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1);
  else delete (place.holder as Record<string, unknown>)[place.key];
  return true;
}
