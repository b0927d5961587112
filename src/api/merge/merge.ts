/** How changes are merged into objects: the four patch types of the API. */
export { serverSideApply } from './apply.ts';
export { type JsonPatchOperation, jsonPatch } from './json-patch.ts';
export { updateManagedFields } from './managed-fields.ts';
export { mergePatch } from './merge-patch.ts';
export { strategicMergePatch } from './strategic.ts';
