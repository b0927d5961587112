import type { KubernetesObject } from '../object.ts';
import type { ParamKind, ParamRef } from '../schema/types.d.ts';
import { matchesSelector } from '../selectors.ts';
import type { PolicyRequest } from './request.ts';

/** The objects that bindings may take parameters from. */
export type ParamSource = {
  /** Undefined when there is no such kind. */
  scopeOf(kind: ParamKind): 'Namespaced' | 'Cluster' | undefined;
  /** `unknown` when there may be such an object that was not given. */
  get(kind: ParamKind, namespace: string, name: string): KubernetesObject | undefined | 'unknown';
  list(kind: ParamKind, namespace: string): KubernetesObject[] | 'unknown';
};

type Params = { params: (KubernetesObject | null | 'unknown')[] } | { error: string; ofPolicy?: true };

/**
 * The parameters a policy is evaluated with, one after the other: none are an error or, where the binding allows it,
 * nothing to evaluate. Source: k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go, CollectParams.
 */
export function paramsOf(
  kind: ParamKind | undefined,
  reference: ParamRef | undefined,
  { namespace }: PolicyRequest,
  source: ParamSource,
): Params {
  if (kind === undefined || reference === undefined) return { params: [null] };
  const scope = source.scopeOf(kind);
  if (scope === undefined)
    return {
      error: `failed to find resource referenced by paramKind: '${kind.apiVersion}, Kind=${kind.kind}'`,
      ofPolicy: true,
    };
  const place = scope === 'Cluster' ? '' : (reference.namespace ?? namespace);
  if (scope === 'Cluster' && reference.namespace)
    return { error: 'paramRef.namespace must not be provided for a cluster-scoped `paramKind`' };
  if (scope === 'Namespaced' && place === '')
    return { error: 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources' };
  const found = find(kind, reference, place, source);
  if (found === 'unknown') return { params: ['unknown'] };
  if (found.length > 0 || reference.parameterNotFoundAction === 'Allow') return { params: found };
  return { error: 'no params found for policy binding with `Deny` parameterNotFoundAction' };
}

function find(kind: ParamKind, { name, selector }: ParamRef, namespace: string, source: ParamSource) {
  if (name) {
    const found = source.get(kind, namespace, name);
    return found === 'unknown' ? found : found === undefined ? [] : [found];
  }
  const all = source.list(kind, namespace);
  return all === 'unknown' ? all : all.filter(({ metadata }) => matchesSelector(selector ?? {}, metadata.labels));
}
