import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { equalJson, isObject } from '../../foundation/json.ts';
import { ApiError, badRequest } from '../status.ts';

export type JsonPatchOperation = { op: string; path: string; value?: unknown; from?: string };

/** As upstream's limit on operations in one patch. */
const operationsMost = 10_000;
/**
 * As upstream's limit on what copies of one patch add, in characters of JSON: a copy of an object into itself doubles it,
 * and thirty of them would be more than there is memory.
 */
export const copiedMost = 3 * 1024 * 1024;
/** Longer than any path to a field: keys have 317 characters at most. It stands in messages, too. */
const pathLengthMost = 4096;
/**
 * What the operations of one patch go by in the lists and objects they lead to, together: to insert moves what comes
 * after, and to compare lists all keys.
 */
export const passedMost = 10_000_000;
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
  let [copied, passed] = [0, 0];
  patch.forEach((operation, index) => {
    if (operation.op === 'copy') copied += sizeAt(target, operation.from);
    if (copied > copiedMost)
      throw new ApiError(
        'RequestEntityTooLarge',
        `a JSON patch may copy ${copiedMost} characters, this one copies more`,
      );
    passed += passedBy(target, operation);
    if (passed > passedMost)
      throw new ApiError(
        'RequestEntityTooLarge',
        'the operations of the JSON patch lead into lists or objects that are too long for so many: replace them',
      );
    const why = operation.op === 'test' ? differs(target, operation) : applied(target, operation);
    const { op, path } = operation;
    if (why) throw new ApiError('Invalid', `the JSON patch does not apply: operation ${index} (${op} ${path}): ${why}`);
  });
  return target;
}

/** Why it cannot be, if it cannot; the library says for some failures no more than that. */
function applied(target: unknown, operation: Operation): string | undefined {
  const [outcome] = applyPatch(target, [lenient(target, operation)]);
  return outcome === null ? undefined : outcome?.message || 'the path is missing';
}

/** Not by the library, which looks for the shortest way from one list to the other: hours, for what fits into a patch. */
function differs(target: unknown, { path, value }: Operation & { op: 'test' }): string | undefined {
  return equalJson(valueAt(target, path), value) ? undefined : 'the value is another';
}

/** How many items or keys an operation goes by. */
function passedBy(target: unknown, operation: Operation): number {
  const { op, path } = operation;
  if (op === 'replace') return 0;
  if (op !== 'test') return itemsBehind(target, path) + (op === 'move' ? itemsBehind(target, operation.from) : 0);
  const value = valueAt(target, path);
  return isObject(value) ? Object.keys(value).length : 0;
}

/** In the list that the path leads into: those that move when there is one more or less. */
function itemsBehind(target: unknown, path: string): number {
  const { parent, key } = Pointer.fromJSON(path).evaluate(target);
  return Array.isArray(parent) && key !== '-' ? Math.max(0, parent.length - Number.parseInt(key, 10)) : 0;
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

const valueAt = (target: unknown, path: string): unknown => Pointer.fromJSON(path).get(target);
const sizeAt = (target: unknown, path: string): number => JSON.stringify(valueAt(target, path))?.length ?? 0;

function checkOperation(operation: any): void {
  if (!names.has(operation?.op)) throw badRequest(`unknown operation ${JSON.stringify(operation?.op)} in a JSON patch`);
  for (const pointer of operation.op === 'move' || operation.op === 'copy' ? ['path', 'from'] : ['path']) {
    const path = operation[pointer];
    if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
      throw badRequest(`"${pointer}" of a JSON patch operation must be a JSON pointer such as /spec/replicas`);
    if (path.length > pathLengthMost)
      throw badRequest(`"${pointer}" of a JSON patch operation may have ${pathLengthMost} characters`);
    if (path.split('/').some((part: string) => part === '__proto__' || part === 'constructor' || part === 'prototype'))
      throw badRequest(`"${path}" is not a path that can be patched`);
  }
  if (operation.op === 'remove' && operation.path === '') throw badRequest('a JSON patch cannot remove the object');
}
