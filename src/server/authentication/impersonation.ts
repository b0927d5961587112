import {
  authenticatedGroup,
  serviceAccountGroups,
  serviceAccountOf,
  unauthenticatedGroup,
} from '../../api/rbac/identity.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import type { Attributes, UserInfo } from '../../api/user.ts';
import { denial } from '../authorization/denial.ts';
import type { Authorizer } from '../contracts.ts';

const valuesMax = 100;
const extraPrefix = 'impersonate-extra-';

/**
 * The user that a request acts as: its own, or the one of its Impersonate headers if it may `impersonate` each part
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation). Throws Forbidden.
 */
export function impersonated(user: UserInfo, rawHeaders: string[], authorize: Authorizer): UserInfo {
  const headers = impersonationHeaders(rawHeaders);
  if (headers === undefined) return user;
  const username = headers.get('impersonate-user')?.[0];
  if (username === undefined || username === '')
    throw badRequest('impersonating groups, a uid or extra needs the header Impersonate-User as well');
  const uid = headers.get('impersonate-uid')?.[0];
  const groups = headers.get('impersonate-group') ?? [];
  const extra = readExtra(headers);
  const check = (asked: Partial<Attributes>) => requireImpersonate(user, asked, authorize);
  const account = serviceAccountOf(username);
  if (account !== undefined) check({ resource: 'serviceaccounts', ...account });
  else check({ resource: 'users', name: username });
  for (const name of groups) check({ resource: 'groups', name });
  if (uid !== undefined) check({ group: 'authentication.k8s.io', resource: 'uids', name: uid });
  for (const [key, values] of Object.entries(extra))
    for (const name of values)
      check({ group: 'authentication.k8s.io', resource: 'userextras', subresource: key, name });
  const own = account === undefined ? [] : serviceAccountGroups(account.namespace);
  const asked = groups.length === 0 ? own : groups;
  const implied = username === 'system:anonymous' ? unauthenticatedGroup : authenticatedGroup;
  const all = asked.includes(unauthenticatedGroup) ? asked : [...new Set([...asked, implied])];
  return { username, uid, groups: all, extra, impersonatedBy: user };
}

function requireImpersonate(user: UserInfo, asked: Partial<Attributes>, authorize: Authorizer): void {
  const attributes: Attributes = {
    ...{ user, verb: 'impersonate', group: '', version: 'v1', resource: '', subresource: '', namespace: '', name: '' },
    ...asked,
  };
  const decision = authorize(attributes);
  if (!decision.allowed) throw denial(attributes, decision.reason);
}

/**
 * By lower-case name; undefined when there are none. From the raw list: Node joins repeated headers with commas, which a
 * group's name may hold.
 */
function impersonationHeaders(rawHeaders: string[]): Map<string, string[]> | undefined {
  let found: Map<string, string[]> | undefined;
  let count = 0;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (!/^impersonate-/i.test(rawHeaders[index]!)) continue;
    const name = rawHeaders[index]!.toLowerCase();
    if (++count > valuesMax) throw badRequest(`more than ${valuesMax} Impersonate headers`);
    const known =
      ['impersonate-user', 'impersonate-group', 'impersonate-uid'].includes(name) || name.startsWith(extraPrefix);
    // refused, not ignored: a part that is not understood must not be left out of the check
    if (!known) throw badRequest(`the header ${rawHeaders[index]} is not known`);
    found ??= new Map();
    found.set(name, [...(found.get(name) ?? []), rawHeaders[index + 1]!]);
  }
  for (const single of ['impersonate-user', 'impersonate-uid'])
    if ((found?.get(single)?.length ?? 0) > 1) throw badRequest(`the header ${single} may be given once`);
  return found;
}

function readExtra(headers: Map<string, string[]>): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, values] of headers) {
    if (!name.startsWith(extraPrefix)) continue;
    try {
      extra[decodeURIComponent(name.slice(extraPrefix.length))] = values;
    } catch (cause) {
      throw new ApiError('BadRequest', `the header ${name} is not percent-encoded as it should be`, undefined, {
        cause,
      });
    }
  }
  return extra;
}
