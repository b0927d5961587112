import { kinds } from '../api.ts';
import { environment } from '../cel/environment.ts';
import { type Bindings, unknownValue } from '../cel/expression.ts';
import { celValue } from '../cel/values.ts';
import type { KubernetesObject } from '../object.ts';
import { type PolicyRequest, requestFieldsOf, resourceOf, type Unknown } from './request.ts';
import { requestType } from './scope.ts';

/** Values of names for the expressions of one request, converted when an expression first asks. */
export type Activation = {
  bindings: Bindings;
  /** What was asked for and is not known, since it was last emptied. */
  touched: Set<string>;
};

const known = new WeakMap<PolicyRequest, Activation>();

/** One for all policies, bindings and parameters: what is `unknown` of a request stays the same. */
export function activationOf(request: PolicyRequest, unknown: ReadonlySet<Unknown>): Activation {
  let found = known.get(request);
  if (found === undefined) {
    found = createActivation(request, unknown);
    known.set(request, found);
  }
  return found;
}

function createActivation(request: PolicyRequest, unknown: ReadonlySet<Unknown>): Activation {
  const touched = new Set<string>();
  const bindings: Bindings = {};
  const isUnknown = (name: string) => unknown.has(name.replace(/^authorizer\..*/, 'authorizer') as Unknown);
  const define = (name: string, make: () => unknown) => {
    const value = isUnknown(name) ? touching(touched, name) : once(make);
    Object.defineProperty(bindings, name, { get: value, enumerable: true });
  };
  const { schema } = request.kind;
  // a subresource has a kind of its own, whose schema is not at hand
  const shape = request.subresource === '' || request.subresource === 'status' ? schema : undefined;
  const fields = requestFieldsOf(request);
  define('object', () => celValue(shown(request, request.object), shape));
  define('oldObject', () => celValue(shown(request, request.oldObject), shape));
  define('namespaceObject', () => celValue(request.namespaceObject ?? null));
  const { make } = environment().toolkit;
  define('authorizer', () => make('Authorizer', '{}'));
  define('authorizer.requestResource', () => make('AuthorizationCheck', JSON.stringify(resourceOf(request))));
  for (const name of requestType.fields!.keys()) {
    const isThere = Object.hasOwn(fields, name);
    define(`request.${name}`, () => (isThere ? celValue(fields[name]) : unknownValue(`no such key: ${name}`)));
    define(`request.${name}?`, () => isThere);
  }
  const whole = isUnknown('request.userInfo') ? 'request.userInfo' : 'request';
  Object.defineProperty(bindings, 'request', {
    get: whole === 'request' ? once(() => celValue(fields)) : touching(touched, whole),
  });
  return { bindings, touched };
}

/** Null when there is none. An object of a kind that has a status always shows one, as upstream's types do. */
function shown({ kind, subresource }: PolicyRequest, object: KubernetesObject | undefined): KubernetesObject | null {
  if (object === undefined) return null;
  const hasStatus = kind.subresources.status && subresource !== 'scale' && kinds.includes(kind);
  return hasStatus && object['status'] === undefined ? { ...object, status: {} } : object;
}

/** The same with the parameter of one binding; `unknown` when it exists but was not given. */
export function withParams(outer: Activation, params: KubernetesObject | null | 'unknown'): Activation {
  const { touched } = outer;
  const get = params === 'unknown' ? touching(touched, 'params') : once(() => celValue(params));
  return { bindings: Object.create(outer.bindings, { params: { get } }), touched };
}

function touching(touched: Set<string>, name: string): () => unknown {
  return () => {
    touched.add(name);
    return unknownValue(`depends on ${name}`);
  };
}

function once(make: () => unknown): () => unknown {
  let made: { value: unknown } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
