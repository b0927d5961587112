import type { PolicyRule } from '../../api/rbac/rules.ts';

/** Who gets a right: whoever reaches the API, or whoever has credentials of any kind. */
export type Everybody = 'anybody' | 'authenticated';

const anybodysPath = /^\/(healthz|livez|readyz|version)(\/\*?)?$/;
const authenticatedPath = /^\/((api|apis|openapi)(\/\*)?|\.well-known\/openid-configuration\/?|openid\/v1\/jwks\/?)$/;
const reviews = /^self\w+reviews$/;

/**
 * Is a rule what Kubernetes means for everybody, by what it gives and not by the name of its role: health and version,
 * with credentials also discovery and reviews of one's own rights
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles), and what kubeadm publishes for nodes
 * that join.
 */
export function isMeantFor(
  who: Everybody,
  { nonResourceURLs, apiGroups = [], resources = [], resourceNames = [], verbs }: PolicyRule,
  namespace: string,
): boolean {
  if (nonResourceURLs?.length)
    return nonResourceURLs.every(
      (url) => anybodysPath.test(url) || (who === 'authenticated' && authenticatedPath.test(url)),
    );
  const isReview =
    who === 'authenticated' && resources.length > 0 && resources.every((resource) => reviews.test(resource));
  if (isReview) return verbs.every((verb) => verb === 'create');
  const isClusterInfo =
    namespace === 'kube-public' && resources.join() === 'configmaps' && resourceNames.join() === 'cluster-info';
  return isClusterInfo && apiGroups.join() === '' && verbs.every((verb) => verb === 'get');
}
