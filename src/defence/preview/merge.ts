import { isDeepStrictEqual } from 'node:util';
import { kinds } from '../../api/api.ts';
import type { Kind } from '../../api/kind.ts';
import { mergePatch, strategicMergePatch } from '../../api/merge/merge.ts';
import type { Manifest } from '../contract.ts';
import { kindName, kindNameOf } from '../object-ref.ts';
import { written } from './undo.ts';

const byName = new Map<string, Kind>(kinds.map((kind) => [kindNameOf(kind), kind]));

/** The built-in kind of an object; undefined for custom resources. */
export const kindOf = (object: Manifest): Kind | undefined => byName.get(kindName(object));
export const kindNamed = (name: string): Kind | undefined => byName.get(name);

/**
 * The object as it will be once a manifest, which may say only a part, was applied to what lives: near to what the API
 * server's apply does, with lists merged by their keys. The live object itself when nothing would change.
 */
export function merged(live: Manifest | undefined, manifest: Manifest): Manifest {
  const wanted = written(manifest);
  if (live === undefined) return wanted;
  const schema = kindOf(manifest)?.schema;
  const base = structuredClone(live);
  const result = schema === undefined ? mergePatch(base, wanted) : strategicMergePatch(base, wanted, schema);
  return unlessSame(live, { ...(result as Manifest), apiVersion: live.apiVersion });
}

/** The live object when the other differs from it in nothing but what the API server sets. */
export const unlessSame = (live: Manifest, other: Manifest): Manifest =>
  isDeepStrictEqual(written(live), written(other)) ? live : other;
