import { equalJson, isObject } from '../../foundation/json.ts';
import type { JsonPatchOperation } from './json-patch.ts';

/**
 * The JSON patch (RFC 6902) that makes `after` of `before`, in time that grows with their size alone: a list keeps its
 * items in their places, or is replaced as a whole when their number changed. Differs that look for moved items take hours
 * for what fits into one request.
 */
export function jsonDifference(before: unknown, after: unknown, path = ''): JsonPatchOperation[] {
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, index) => jsonDifference(item, after[index], `${path}/${index}`));
  if (!isObject(before) || !isObject(after))
    return equalJson(before, after) ? [] : [{ op: 'replace', path, value: after }];
  const at = (key: string) => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const kept = Object.entries(after).flatMap(([key, value]) =>
    Object.hasOwn(before, key) ? jsonDifference(before[key], value, at(key)) : [{ op: 'add', path: at(key), value }],
  );
  return [...removed.map((key) => ({ op: 'remove', path: at(key) })), ...kept];
}
