import { type JsonPatchOperation, jsonPatch } from '../api/merge/json-patch.ts';
import { ApiError } from '../api/status.ts';

/** Whether the patch applies to the object, which then has it; one to which it does not must be thrown away. */
export function applyPatch(object: object, patch: JsonPatchOperation[]): boolean {
  try {
    jsonPatch(object, patch);
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}
