import { applyPatch } from 'rfc6902';
import { ApiError, badRequest } from '../status.ts';

export type JsonPatchOperation = { op: string; path: string; value?: unknown; from?: string };

/** As upstream's limit on operations in one patch. */
const operationsMost = 10_000;
const names = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * JSON Patch, RFC 6902. Changes and returns `target`; after an error it must be thrown away, as the operations before
 * the failing one were made. Throws BadRequest for a malformed patch, Invalid when an operation does not apply.
 */
export function jsonPatch<T>(target: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > operationsMost)
    throw new ApiError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${operationsMost}, got ${patch.length}`,
    );
  for (const operation of patch) checkOperation(operation);
  // The library gives every failure a name and, for `test`, no text: say which operation it was.
  const outcomes = applyPatch(target, patch as any);
  const failed = outcomes.findIndex((outcome) => outcome !== null);
  if (failed === -1) return target;
  const { op, path } = patch[failed];
  const why = op === 'test' ? 'the value is another' : (outcomes[failed]?.message ?? 'the path is missing');
  throw new ApiError('Invalid', `the JSON patch does not apply: operation ${failed} (${op} ${path}): ${why}`);
}

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
