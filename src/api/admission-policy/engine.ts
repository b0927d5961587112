import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/**
 * What compiles and evaluates policies, with CEL, loaded when the first policy is there. The kinds of policies are part of
 * every program that knows the API; this is seventy modules, a twentieth of a second of each start and 2.5 MB.
 */
export const engine = {
  get expressions(): typeof import('./expressions.ts') {
    return load('./expressions.ts');
  },
  get compile(): typeof import('./compile.ts') {
    return load('./compile.ts');
  },
  get evaluate(): typeof import('./evaluate.ts') {
    return load('./evaluate.ts');
  },
  get mutate(): typeof import('./mutate.ts') {
    return load('./mutate.ts');
  },
  get typeCheck(): typeof import('./type-check.ts') {
    return load('./type-check.ts');
  },
  get preview(): typeof import('./preview.ts') {
    return load('./preview.ts');
  },
  get previewMutation(): typeof import('./preview-mutation.ts') {
    return load('./preview-mutation.ts');
  },
};
