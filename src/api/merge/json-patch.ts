import { applyPatch, Pointer } from 'rfc6902';
import { ApiError, badRequest } from '../status.ts';

export type JsonPatchOperation = { op: string; path: string; value?: unknown; from?: string };

/** As upstream's limit on operations in one patch. */
const operationsMost = 10_000;
/**
 * As upstream's limit on what copies of one patch add, in characters of JSON: a copy of an object into itself doubles it,
 * and thirty of them would be more than there is memory.
 */
export const copiedMost = 3 * 1024 * 1024;
const names = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * JSON Patch, RFC 6902. Changes and returns `target`; after an error it must be thrown away, as the operations before
 * the failing one were made. Throws BadRequest for a malformed patch, Invalid when an operation does not apply, and
 * RequestEntityTooLarge when there are too many or they copy too much.
 */
export function jsonPatch<T>(target: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > operationsMost)
    throw new ApiError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${operationsMost}, got ${patch.length}`,
    );
  for (const operation of patch) checkOperation(operation);
  let copied = 0;
  patch.forEach((operation, index) => {
    if (operation.op === 'copy') copied += sizeAt(target, operation.from);
    if (copied > copiedMost)
      throw new ApiError(
        'RequestEntityTooLarge',
        `a JSON patch may copy ${copiedMost} characters, this one copies more`,
      );
    const [outcome] = applyPatch(target, [operation]);
    if (outcome === null) return;
    // The library gives every failure a name and, for `test`, no text: say which operation it was.
    const { op, path } = operation;
    const why = op === 'test' ? 'the value is another' : (outcome?.message ?? 'the path is missing');
    throw new ApiError('Invalid', `the JSON patch does not apply: operation ${index} (${op} ${path}): ${why}`);
  });
  return target;
}

const sizeAt = (target: unknown, path: string): number =>
  JSON.stringify(Pointer.fromJSON(path).get(target))?.length ?? 0;

function checkOperation(operation: any): void {
  if (!names.has(operation?.op)) throw badRequest(`unknown operation ${JSON.stringify(operation?.op)} in a JSON patch`);
  for (const pointer of operation.op === 'move' || operation.op === 'copy' ? ['path', 'from'] : ['path']) {
    const path = operation[pointer];
    if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
      throw badRequest(`"${pointer}" of a JSON patch operation must be a JSON pointer such as /spec/replicas`);
    if (path.split('/').some((part: string) => part === '__proto__' || part === 'constructor' || part === 'prototype'))
      throw badRequest(`"${path}" is not a path that can be patched`);
  }
  if (operation.op === 'remove' && operation.path === '') throw badRequest('a JSON patch cannot remove the object');
}
