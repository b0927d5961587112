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

const userPrefix = 'system:serviceaccount:';

export const serviceAccountUser = (namespace: string, name: string): string => `${userPrefix}${namespace}:${name}`;

/** Namespace and name of a ServiceAccount's user name. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  return match === null ? undefined : { namespace: match[1]!, name: match[2]! };
}

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
    username: serviceAccountUser(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra,
  };
}
