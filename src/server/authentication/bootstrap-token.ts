import { timingSafeEqual } from 'node:crypto';
import type { KubernetesObject } from '../../api/object.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Lookup } from '../contracts.ts';

const tokenShape = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupShape = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/**
 * Tokens with which new nodes ask for their first certificate: Secrets of type bootstrap.kubernetes.io/token in
 * kube-system (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/). Undefined: no such token.
 * Why is not told: a guess learns nothing.
 */
export function createBootstrapTokenAuthenticator(lookup: Lookup, clock: Clock) {
  return (token: string): UserInfo | undefined => {
    const [, id, secret] = tokenShape.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const object = lookup.get('secrets', 'kube-system', `bootstrap-token-${id}`);
    if (object === undefined || object['type'] !== 'bootstrap.kubernetes.io/token') return undefined;
    if (object.metadata.deletionTimestamp !== undefined) return undefined;
    const field = (name: string) => Buffer.from(object['data']?.[name] ?? '', 'base64').toString();
    if (field('token-id') !== id || !equal(field('token-secret'), secret)) return undefined;
    if (field('usage-bootstrap-authentication') !== 'true' || expired(object, clock.now())) return undefined;
    const extra = field('auth-extra-groups')
      .split(',')
      .filter((group) => groupShape.test(group));
    return { username: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...extra] };
  };
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function expired(secret: KubernetesObject, nowMs: number): boolean {
  const encoded: string | undefined = secret['data']?.expiration;
  if (encoded === undefined) return false;
  const expiresMs = Date.parse(Buffer.from(encoded, 'base64').toString());
  // a date that cannot be read has passed
  return !(expiresMs > nowMs);
}
