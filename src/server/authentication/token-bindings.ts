import { ApiError } from '../../api/status.ts';
import type { Lookup } from '../contracts.ts';
import type { Named, TokenClaims } from './token-claims.ts';

/** How long a token outlives the deletion of its pod: the pod's last requests while it shuts down. */
const deletionGraceMs = 60_000;

/**
 * A token dies with what it is bound to: its ServiceAccount, pod, secret or node must still exist, and be the same
 * ones (uid). Asked on every request, so that a stolen token is worthless once its pod is gone.
 */
export function checkBindings(claims: TokenClaims, lookup: Lookup, nowMs: number): void {
  const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
  check('serviceaccounts', 'ServiceAccount', namespace, serviceaccount);
  if (pod !== undefined) check('pods', 'pod', namespace, pod);
  if (secret !== undefined) check('secrets', 'secret', namespace, secret);
  // a token bound to a pod names its node for information only: the pod is what counts
  if (pod === undefined && node !== undefined) check('nodes', 'node', '', node);

  function check(resource: string, what: string, where: string, bound: Named): void {
    const object = lookup.get(resource, where, bound.name);
    if (object === undefined || object.metadata.uid !== bound.uid)
      throw new ApiError('Unauthorized', `the token is bound to a ${what} "${bound.name}" that no longer exists`);
    const deletedMs = Date.parse(object.metadata.deletionTimestamp ?? '');
    if (deletedMs + deletionGraceMs < nowMs)
      throw new ApiError('Unauthorized', `the token is bound to a ${what} "${bound.name}" that has been deleted`);
  }
}
