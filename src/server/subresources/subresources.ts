import type { Kind } from '../../api/kind.ts';
import { resourceName } from '../../api/kind.ts';
import { ApiError } from '../../api/status.ts';
import type { Context, Reply } from '../context.ts';
import type { Target } from '../request.ts';
import { get } from '../verbs/get.ts';
import { patch } from '../verbs/patch.ts';
import { update } from '../verbs/update.ts';
import { bind, createBinding } from './binding.ts';
import { confinedSubresources } from './confined.ts';

type Methods = Record<string, (context: Context) => Reply | Promise<Reply>>;

/** A view on the object itself that may write a part of it. */
const partOfObject: Methods = { GET: get, PUT: update, PATCH: patch };

/** By `RESOURCE/SUBRESOURCE`. */
const special: Record<string, Methods> = {
  'pods/binding': { POST: bind },
};

export { createBinding };

/** The function that answers a subresource request. Throws NotFound or MethodNotAllowed. */
export function subresourceFor(kind: Kind, method: string, { subresource }: Target) {
  const methods = methodsOf(kind, subresource);
  if (methods === undefined) throw new ApiError('NotFound', 'the server could not find the requested resource');
  const answer = methods[method];
  if (answer === undefined)
    throw new ApiError('MethodNotAllowed', `the server does not allow ${method} on ${kind.resource}/${subresource}`);
  return answer;
}

function methodsOf(kind: Kind, subresource: string): Methods | undefined {
  if (subresource === 'status') return kind.subresources.status ? partOfObject : undefined;
  const path = `${resourceName(kind)}/${subresource}`;
  return special[path] ?? (confinedSubresources.has(path) ? partOfObject : undefined);
}
