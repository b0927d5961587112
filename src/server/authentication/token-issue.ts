import { randomUUID } from 'node:crypto';
import type { KubernetesObject } from '../../api/object.ts';
import { serviceAccountName } from '../../api/rbac/identity.ts';
import { ApiError, badRequest, invalid } from '../../api/status.ts';
import { formatTime } from '../../foundation/clock.ts';
import type { Lookup } from '../contracts.ts';
import type { TokenSettings } from './service-account-token.ts';
import type { Named, TokenClaims } from './token-claims.ts';

/** Kubernetes' own bounds: TokenRequest validation; longer than a day is cut. */
const lifetimeSeconds = { min: 600, default: 3600, max: 24 * 3600 };
const lifetimeSecondsLimit = 2 ** 32;
const audiencesMax = 20;

type BoundReference = { kind?: string; apiVersion?: string; name?: string; uid?: string };

/**
 * Answers a TokenRequest (authentication.k8s.io/v1): the request's object with the token in its status. Throws Invalid
 * for a bad lifetime, NotFound or Conflict when the object to bind to is gone or another one by now.
 */
export async function issueToken(
  settings: TokenSettings,
  account: KubernetesObject,
  request: KubernetesObject,
): Promise<KubernetesObject> {
  const spec = request['spec'] ?? {};
  const seconds = requestedLifetime(spec.expirationSeconds, account.metadata.name);
  const audiences = requestedAudiences(spec.audiences, settings);
  const nowSeconds = Math.floor(settings.clock.now() / 1000);
  const expires = nowSeconds + Math.min(seconds, lifetimeSeconds.max);
  const namespace = account.metadata.namespace!;
  const claims: TokenClaims = {
    iss: settings.issuer,
    sub: serviceAccountName(namespace, account.metadata.name),
    aud: audiences,
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: expires,
    jti: randomUUID(),
    'kubernetes.io': {
      namespace,
      serviceaccount: { name: account.metadata.name, uid: account.metadata.uid! },
      ...bindings(spec.boundObjectRef, account, settings.lookup),
    },
  };
  const status = { token: await sign(settings, claims), expirationTimestamp: formatTime(expires * 1000) };
  return { ...request, spec: { ...spec, audiences, expirationSeconds: expires - nowSeconds }, status };
}

function requestedLifetime(seconds: unknown, name: string): number {
  const field = 'spec.expirationSeconds';
  const wrong = (message: string) =>
    invalid('TokenRequest', 'authentication.k8s.io', name, [{ reason: 'FieldValueInvalid', field, message }]);
  if (seconds === undefined || seconds === null) return lifetimeSeconds.default;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) throw wrong('must be a whole number of seconds');
  if (seconds < lifetimeSeconds.min) throw wrong('may not specify a duration less than 10 minutes');
  if (seconds > lifetimeSecondsLimit) throw wrong('may not specify a duration larger than 2^32 seconds');
  return seconds;
}

function requestedAudiences(requested: unknown, { audiences }: TokenSettings): string[] {
  if (!Array.isArray(requested) || requested.length === 0) return audiences.slice(0, 1);
  if (requested.length > audiencesMax) throw badRequest(`a token may be for at most ${audiencesMax} audiences`);
  return requested.map(String);
}

function bindings(reference: BoundReference | undefined, account: KubernetesObject, lookup: Lookup) {
  if (reference === undefined || reference === null) return {};
  const { kind = '', name = '', uid } = reference;
  const places: Record<string, [string, string]> = {
    Pod: ['pods', account.metadata.namespace!],
    Secret: ['secrets', account.metadata.namespace!],
    Node: ['nodes', ''],
  };
  const place = Object.hasOwn(places, kind) ? places[kind] : undefined;
  if (place === undefined)
    throw badRequest(`cannot bind token for serviceaccount to ${kind}: only Pod, Secret and Node`);
  const object = lookup.get(place[0], place[1], name);
  if (object === undefined) throw new ApiError('NotFound', `${place[0]} "${name}" not found`, { name, kind: place[0] });
  if (uid !== undefined && uid !== '' && uid !== object.metadata.uid)
    throw new ApiError(
      'Conflict',
      `the UID in the bound object reference (${uid}) does not match the UID of ${kind} "${name}"`,
    );
  const bound: Named = { name, uid: object.metadata.uid! };
  if (kind !== 'Pod') return { [kind.toLowerCase()]: bound };
  return boundToPod(object, bound, account, lookup);
}

function boundToPod(pod: KubernetesObject, bound: Named, account: KubernetesObject, lookup: Lookup) {
  if ((pod['spec']?.serviceAccountName ?? 'default') !== account.metadata.name)
    throw badRequest(`cannot bind token to pod "${bound.name}": it uses another service account`);
  const nodeName: string | undefined = pod['spec']?.nodeName;
  const uid = nodeName === undefined ? undefined : lookup.get('nodes', '', nodeName)?.metadata.uid;
  return nodeName === undefined || uid === undefined ? { pod: bound } : { pod: bound, node: { name: nodeName, uid } };
}

async function sign({ keys }: TokenSettings, claims: TokenClaims): Promise<string> {
  const key = keys()[0];
  if (key === undefined) throw new ApiError('ServiceUnavailable', 'there is no key to sign ServiceAccount tokens with');
  const { SignJWT } = await import('jose/jwt/sign');
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.id }).sign(key.privateKey);
}
