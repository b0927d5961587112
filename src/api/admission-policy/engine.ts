import { createRequire } from 'node:module';
import { lazily } from '../../foundation/lazily.ts';

const load = createRequire(import.meta.url);

/**
 * What compiles and evaluates policies, with CEL, loaded when the first policy is there. The kinds of policies are part of
 * every program that knows the API; this is seventy modules, a twentieth of a second of each start and 2.5 MB.
 */
export const engine = lazily({
  expressions: (): typeof import('./expressions.ts') => load('./expressions.ts'),
  compile: (): typeof import('./compile.ts') => load('./compile.ts'),
  evaluate: (): typeof import('./evaluate.ts') => load('./evaluate.ts'),
  mutate: (): typeof import('./mutate.ts') => load('./mutate.ts'),
  typeCheck: (): typeof import('./type-check.ts') => load('./type-check.ts'),
  preview: (): typeof import('./preview.ts') => load('./preview.ts'),
  previewMutation: (): typeof import('./preview-mutation.ts') => load('./preview-mutation.ts'),
});
