/** How changes are merged into objects: the four patch types of the API. */
export { serverSideApply, updateManagedFields } from './apply.ts';
export { type JsonPatchOperation, jsonPatch } from './json-patch.ts';
export { mergePatch } from './merge-patch.ts';
export { strategicMergePatch } from './strategic.ts';
