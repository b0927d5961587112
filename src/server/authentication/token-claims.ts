import { serviceAccountGroups, serviceAccountName } from '../../api/rbac/identity.ts';
import type { UserInfo } from '../../api/user.ts';

export type Named = { name: string; uid: string };

/** What Kubernetes puts into a ServiceAccount token, under `kubernetes.io`. */
export type TokenClaims = {
  iss: string;
  sub: string;
  aud: string[];
  iat: number;
  nbf: number;
  exp: number;
  jti: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: Named;
    pod?: Named;
    node?: Named;
    secret?: Named;
    /** After this the token should have been replaced; in seconds. */
    warnafter?: number;
  };
};

/** The user that a verified token stands for. */
export function userOf(claims: TokenClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] };
  for (const [what, bound] of Object.entries({ pod, node }))
    if (bound !== undefined) {
      extra[`authentication.kubernetes.io/${what}-name`] = [bound.name];
      extra[`authentication.kubernetes.io/${what}-uid`] = [bound.uid];
    }
  return {
    username: serviceAccountName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    extra,
  };
}
