import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import type { MatchResources, NamedRuleWithOperations } from '../schema/types.d.ts';
import { type LabelSelector, matchesSelector } from '../selectors.ts';
import { isEmptySelector } from '../validation/selectors.ts';
import { equivalentsOf, requestAs } from './equivalence.ts';
import type { PolicyRequest, Unknown } from './request.ts';

/** Does it match; or would that depend on what is not known? */
export type Match = boolean | 'unknown';

/**
 * Does a request match these resources? No rules match everything, for bindings.
 * Source: k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go.
 */
export function matchesResources(
  match: MatchResources | undefined,
  request: PolicyRequest,
  unknown: ReadonlySet<Unknown>,
): Match {
  if (match === undefined) return true;
  const { resourceRules = [], excludeResourceRules = [], matchPolicy, objectSelector = {}, namespaceSelector } = match;
  const isEquivalent = matchPolicy !== 'Exact';
  const fits = (rule: NamedRuleWithOperations) => matchesRule(rule, request, isEquivalent);
  if (excludeResourceRules.some(fits)) return false;
  if (resourceRules.length > 0 && !resourceRules.some(fits)) return false;
  const isSelected = (object: KubernetesObject | undefined) =>
    object !== undefined && matchesSelector(objectSelector, object.metadata?.labels);
  if (!isEmptySelector(objectSelector) && !isSelected(request.object) && !isSelected(request.oldObject))
    return unknown.has('oldObject') ? 'unknown' : false;
  return matchesNamespace(namespaceSelector ?? {}, request, unknown);
}

function matchesNamespace(selector: LabelSelector, request: PolicyRequest, unknown: ReadonlySet<Unknown>): Match {
  if (isEmptySelector(selector)) return true;
  const { kind, namespace, object, oldObject } = request;
  const isNamespace = kind.group === '' && kind.resource === 'namespaces';
  if (isNamespace) return matchesSelector(selector, (object ?? oldObject)?.metadata.labels);
  if (!kind.namespaced || namespace === '') return true;
  if (unknown.has('namespaceObject')) return 'unknown';
  return matchesSelector(selector, request.namespaceObject?.metadata.labels);
}

function matchesRule(rule: NamedRuleWithOperations, request: PolicyRequest, isEquivalent: boolean): boolean {
  const { operations = [], resourceNames = [], scope = '*' } = rule;
  const { kind, operation, name, subresource } = request;
  if (!operations.includes('*') && !operations.includes(operation)) return false;
  const wanted = kind.namespaced ? 'Namespaced' : 'Cluster';
  if (scope !== '*' && scope !== wanted) return false;
  if (resourceNames.length > 0 && !resourceNames.includes(name)) return false;
  return (
    matchesResource(rule, kind, subresource) ||
    (isEquivalent && equivalentsOf(kind, rule).some((other) => matchesResource(rule, other, subresource)))
  );
}

/**
 * The request as a policy sees it: when its rules name the kind in another version only, as one of that version, unless
 * the match must be exact.
 */
export function asMatched(match: MatchResources | undefined, request: PolicyRequest): PolicyRequest {
  const { resourceRules = [], matchPolicy } = match ?? {};
  if (matchPolicy === 'Exact' || resourceRules.some((rule) => matchesRule(rule, request, false))) return request;
  for (const rule of resourceRules) {
    if (!matchesRule(rule, request, true)) continue;
    const { kind, subresource } = request;
    const meant = equivalentsOf(kind, rule).find((other) => matchesResource(rule, other, subresource));
    if (meant !== undefined) return subresource === 'scale' ? request : requestAs(meant, request);
  }
  return request;
}

type Resource = Pick<Kind, 'group' | 'version' | 'resource'>;

function matchesResource(rule: NamedRuleWithOperations, { group, version, resource }: Resource, subresource: string) {
  const { apiGroups = [], apiVersions = [], resources = [] } = rule;
  if (!apiGroups.includes('*') && !apiGroups.includes(group)) return false;
  if (!apiVersions.includes('*') && !apiVersions.includes(version)) return false;
  return resources.some((pattern) => {
    const [main, sub = ''] = pattern.split('/') as [string, string?];
    return (main === '*' || main === resource) && (sub === '*' || sub === subresource);
  });
}

const group = 'admissionregistration.k8s.io';

/** Policies never judge what policies are made of, or a wrong one could not be taken back; nor plain questions. */
export const isExempt = (kind: Kind): boolean => kind.group === group || !kind.verbs.includes('get');
