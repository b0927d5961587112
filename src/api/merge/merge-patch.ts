import { isObject, setOwn } from '../../foundation/json.ts';

/**
 * JSON Merge Patch, RFC 7386: objects merge, null deletes, everything else replaces. Changes and returns `target`
 * when it is an object.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = isObject(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, mergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
