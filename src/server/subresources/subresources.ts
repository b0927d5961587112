import type { Kind } from '../../api/kind.ts';
import { resourceName } from '../../api/kind.ts';
import { ApiError } from '../../api/status.ts';
import type { Context, Reply } from '../context.ts';
import type { Target } from '../request.ts';
import { podLog } from '../streaming/log.ts';
import { proxyNode, proxyPod, proxyService } from '../streaming/proxy.ts';
import { attach, exec, portForward } from '../streaming/tunnel.ts';
import { get } from '../verbs/get.ts';
import { patch } from '../verbs/patch.ts';
import { update } from '../verbs/update.ts';
import { bind } from './binding.ts';
import { confinedSubresources } from './confined.ts';
import { evict } from './eviction.ts';
import { scale } from './scale.ts';
import { requestToken } from './token.ts';

type Methods = Record<string, (context: Context) => Reply | Promise<Reply>>;

/** A view on the object itself that may write a part of it. */
const partOfObject: Methods = { GET: get, PUT: update, PATCH: patch };

const anyMethod = (answer: Methods[string]): Methods =>
  Object.fromEntries(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, answer]));

/** By `RESOURCE/SUBRESOURCE`. */
const special: Record<string, Methods> = {
  'pods/binding': { POST: bind },
  'pods/eviction': { POST: evict },
  'pods/log': { GET: podLog },
  'pods/exec': { GET: exec, POST: exec },
  'pods/attach': { GET: attach, POST: attach },
  'pods/portforward': { GET: portForward, POST: portForward },
  'pods/proxy': anyMethod(proxyPod),
  'services/proxy': anyMethod(proxyService),
  'nodes/proxy': anyMethod(proxyNode),
  'serviceaccounts/token': { POST: requestToken },
};

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
  if (subresource === 'scale') return kind.subresources.scale === undefined ? undefined : scale;
  const path = `${resourceName(kind)}/${subresource}`;
  return special[path] ?? (confinedSubresources.has(path) ? partOfObject : undefined);
}
