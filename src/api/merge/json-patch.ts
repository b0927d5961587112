import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { isObject } from '../../foundation/json.ts';
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
    const [outcome] = applyPatch(target, [lenient(target, operation)]);
    if (outcome === null) return;
    // The library gives every failure a name and, for `test`, no text: say which operation it was.
    const { op, path } = operation;
    const why = op === 'test' ? 'the value is another' : (outcome?.message ?? 'the path is missing');
    throw new ApiError('Invalid', `the JSON patch does not apply: operation ${index} (${op} ${path}): ${why}`);
  });
  return target;
}

/**
 * A field that is not there may be replaced as well as added, as upstream's library has it: clients replace labels and
 * data without asking.
 */
function lenient(target: unknown, operation: Operation): Operation {
  if (operation.op !== 'replace' || operation.path === '') return operation;
  const { parent, key, value } = Pointer.fromJSON(operation.path).evaluate(target);
  const isAbsent = value === undefined && isObject(parent) && !Object.hasOwn(parent, key);
  return isAbsent ? { ...operation, op: 'add' } : operation;
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
