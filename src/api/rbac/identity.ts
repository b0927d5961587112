import type { UserInfo } from '../user.ts';

/** Everybody who showed valid credentials. */
export const authenticatedGroup = 'system:authenticated';
/** Everybody else, under the user name `system:anonymous`. */
export const unauthenticatedGroup = 'system:unauthenticated';
/** Past every role: no binding is needed, and none can take it away. */
export const mastersGroup = 'system:masters';

/** Groups that a service account has by being one, besides system:authenticated. */
export const serviceAccountGroups = (namespace: string): string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

export const serviceAccountName = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;

/** A service account as it appears to authorization. */
export const serviceAccountUser = (namespace: string, name: string): UserInfo => ({
  username: serviceAccountName(namespace, name),
  groups: [...serviceAccountGroups(namespace), authenticatedGroup],
});

/** `system:serviceaccount:shop:api` → its namespace and name; undefined for other users. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const [system, kind, namespace, name, ...more] = username.split(':');
  if (system !== 'system' || kind !== 'serviceaccount' || !namespace || !name || more.length > 0) return undefined;
  return { namespace, name };
}
