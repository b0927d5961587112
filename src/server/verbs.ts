import type { Kind } from '../api/kind.ts';
import { ApiError } from '../api/status.ts';
import type { Context, Reply, Services } from './context.ts';
import type { Target } from './request.ts';
import { reviewFor } from './reviews/reviews.ts';
import { subresourceFor } from './subresources/subresources.ts';
import { create } from './verbs/create.ts';
import { remove, removeCollection } from './verbs/delete.ts';
import { get } from './verbs/get.ts';
import { list } from './verbs/list.ts';
import { patch } from './verbs/patch.ts';
import { update } from './verbs/update.ts';
import { watch } from './verbs/watch.ts';
import { answerVirtual } from './virtual.ts';

export type VerbFunction = (context: Context) => Reply | Promise<Reply>;

const verbs: Record<string, VerbFunction> = {
  ...{ get, list, watch, create, update, patch },
  ...{ delete: remove, deletecollection: removeCollection },
};
const ofCollections = new Set(['list', 'watch', 'create', 'deletecollection']);

/** The kind and the function that answer a request. Throws NotFound or MethodNotAllowed. */
export function verbFor(
  { kinds, extensions }: Pick<Services, 'kinds' | 'extensions'>,
  method: string,
  target: Target,
): { kind: Kind; verb: VerbFunction } {
  const kind = kinds.find(target.group, target.version, target.resource);
  if (kind === undefined || !isInScope(kind, target))
    throw new ApiError('NotFound', 'the server could not find the requested resource');
  if (target.subresource !== '') return { kind, verb: subresourceFor(kind, method, target) };
  const review = target.verb === 'create' ? reviewFor(kind) : undefined;
  if (review !== undefined) return { kind, verb: review };
  const { verb } = target;
  if (!kind.verbs.includes(verb as never) || !hasRightScope(kind, target))
    throw new ApiError(
      'MethodNotAllowed',
      `the server does not allow this method on the requested resource (${method})`,
    );
  const virtual = extensions.virtualKinds?.find((each) => each.kind === kind);
  return { kind, verb: virtual === undefined ? verbs[verb]! : (context) => answerVirtual(virtual, context) };
}

/** A namespace is in itself and in no other: whoever has rights in one would have them on all. */
const isInScope = ({ namespaced, resource }: Kind, { namespace, name }: Target): boolean =>
  namespaced || namespace === '' || (resource === 'namespaces' && namespace === name);

/** Only reads go across namespaces; a create is sent to the collection, everything else that has a name to the name. */
function hasRightScope(kind: Kind, { verb, namespace, name }: Target): boolean {
  if (kind.namespaced && namespace === '' && verb !== 'list' && verb !== 'watch') return false;
  if (verb === 'create') return name === '';
  return ofCollections.has(verb) || name !== '';
}
