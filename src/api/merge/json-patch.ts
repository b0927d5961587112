import { copyJson, equalJson, isObject } from '../../foundation/json.ts';
import { ApiError, badRequest } from '../status.ts';
import { insert, type Place, placeOf, put, type Root, read, remove } from './json-pointer.ts';

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
/** What the operations of one patch move together: to insert into a list moves what comes after. */
export const movedMost = 10_000_000;

/**
 * JSON Patch, RFC 6902. Changes and returns `target`; after an error it must be thrown away, as the operations before
 * the failing one were made. Throws BadRequest for a malformed patch, Invalid when an operation does not apply, and
 * RequestEntityTooLarge when there are too many or they copy too much.
 */
export function jsonPatch<T>(target: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > operationsMost)
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${operationsMost}, got ${patch.length}`);
  for (const operation of patch) checkOperation(operation);
  const root: Root = { '': target };
  let [copied, moved] = [0, 0];
  patch.forEach((operation: JsonPatchOperation, index) => {
    const { op, path } = operation;
    if (op === 'copy') copied += JSON.stringify(read(sourceOf(root, operation)))?.length ?? 0;
    if (copied > copiedMost) throw tooLarge(`a JSON patch may copy ${copiedMost} characters, this one copies more`);
    moved += itemsMoved(root, operation);
    if (moved > movedMost)
      throw tooLarge('the operations of the JSON patch lead into lists that are too long for so many: replace them');
    const why = operations[op as keyof typeof operations](root, operation);
    if (why) throw new ApiError('Invalid', `the JSON patch does not apply: operation ${index} (${op} ${path}): ${why}`);
  });
  if (!isObject(root[''])) throw badRequest('a JSON patch may replace an object by another one only');
  return root[''] as T;
}

const tooLarge = (message: string) => new ApiError('RequestEntityTooLarge', message);
const sourceOf = (root: Root, { from = '' }: JsonPatchOperation): Place => placeOf(root, from);
const unless = (isDone: boolean): string | undefined => (isDone ? undefined : 'the path is missing');

/** Each makes its change, or says why it cannot. What the patch brings is copied: it may be applied again. */
const operations = {
  add: (root: Root, { path, value }: JsonPatchOperation) => unless(insert(placeOf(root, path), copyJson(value))),
  remove: (root: Root, { path }: JsonPatchOperation) => unless(remove(placeOf(root, path))),
  // A field that is not there is added, as upstream's library has it: clients replace labels and data without asking.
  replace: (root: Root, { path, value }: JsonPatchOperation) => unless(put(placeOf(root, path), copyJson(value))),
  move(root: Root, operation: JsonPatchOperation) {
    if (operation.path.startsWith(`${operation.from}/`)) return 'it cannot be moved into itself';
    const source = sourceOf(root, operation);
    const value = read(source);
    return unless(remove(source) && insert(placeOf(root, operation.path), value));
  },
  copy(root: Root, operation: JsonPatchOperation) {
    const value = read(sourceOf(root, operation));
    return unless(value !== undefined && insert(placeOf(root, operation.path), copyJson(value)));
  },
  test: (root: Root, { path, value }: JsonPatchOperation) =>
    equalJson(read(placeOf(root, path)), value) ? undefined : 'the value is another',
};

/** In the lists that the operation leads into: those that are behind, and move when there is one more or less. */
function itemsMoved(root: Root, operation: JsonPatchOperation): number {
  if (operation.op === 'replace' || operation.op === 'test') return 0;
  const behind = ({ holder, key }: Place) =>
    Array.isArray(holder) ? Math.max(0, holder.length - Number(key) || 0) : 0;
  return behind(placeOf(root, operation.path)) + (operation.op === 'move' ? behind(sourceOf(root, operation)) : 0);
}

function checkOperation(operation: any): void {
  const { op } = operation ?? {};
  if (typeof op !== 'string' || !Object.hasOwn(operations, op))
    throw badRequest(`unknown operation ${JSON.stringify(op)} in a JSON patch`);
  for (const pointer of op === 'move' || op === 'copy' ? ['path', 'from'] : ['path']) {
    const path = operation[pointer];
    if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
      throw badRequest(`"${pointer}" of a JSON patch operation must be a JSON pointer such as /spec/replicas`);
    if (path.length > pathLengthMost)
      throw badRequest(`"${pointer}" of a JSON patch operation may have ${pathLengthMost} characters`);
  }
  if ((op === 'add' || op === 'replace') && !Object.hasOwn(operation, 'value'))
    throw badRequest(`"value" of a JSON patch operation that is to ${op} something is missing`);
  if (op === 'remove' && operation.path === '') throw badRequest('a JSON patch cannot remove the object');
}
