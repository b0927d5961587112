import { createHash } from 'node:crypto';
import { ApiError } from '../../api/status.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Lookup } from '../contracts.ts';
import type { SigningKey } from './service-account-keys.ts';
import { checkBindings } from './token-bindings.ts';
import { type TokenClaims, userOf } from './token-claims.ts';

export type TokenSettings = {
  /** URL of the issuer, as in the tokens' `iss` and the discovery document. */
  issuer: string;
  /** Audiences that are the API server itself; the first is the default of TokenRequest. */
  audiences: string[];
  /** The first signs; all verify. Asked each time, so that keys can be rotated while the server runs. */
  keys(): SigningKey[];
  lookup: Lookup;
  clock: Clock;
};

export type VerifiedToken = { user: UserInfo; audiences: string[]; claims: TokenClaims };

const tokenCharactersMax = 16_384;
const keptMax = 4096;
const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Verifies ServiceAccount tokens. Undefined: not a token of this issuer. Throws Unauthorized when it is one, but
 * forged, expired, for another audience, or bound to something that is gone. Signatures once verified are kept (by
 * hash); time and bindings are checked every time.
 */
export function createTokenVerifier({ issuer, audiences, keys, lookup, clock }: TokenSettings) {
  const kept = new Map<string, { claims: TokenClaims; user: UserInfo }>();
  return async (token: string, accepted = audiences): Promise<VerifiedToken | undefined> => {
    if (token.length > tokenCharactersMax || !shape.test(token)) return undefined;
    const claimed = unverified(token);
    if (claimed?.payload['iss'] !== issuer) return undefined;
    const key = keys().find(({ id }) => id === claimed.header['kid']);
    if (key === undefined) throw refused('the token is signed by a key that is not, or no longer, in use');
    const hash = createHash('sha256').update(key.id).update(token).digest('base64');
    let known = kept.get(hash);
    if (known === undefined) {
      const verified = await verifySignature(token, key);
      known = { claims: verified, user: userOf(verified) };
      if (kept.size >= keptMax) kept.clear();
      kept.set(hash, known);
    }
    const { claims, user } = known;
    checkTimes(claims, clock.now());
    const matching = claims.aud.filter((audience) => accepted.includes(audience));
    if (matching.length === 0)
      throw refused(`the token is for the audience ${claims.aud.join(', ')}, not for this server`);
    checkBindings(claims, lookup, clock.now());
    return { user, audiences: matching, claims };
  };
}

const refused = (message: string, cause?: unknown) => new ApiError('Unauthorized', message, undefined, { cause });

function unverified(token: string): { header: Record<string, unknown>; payload: Record<string, unknown> } | undefined {
  try {
    const [header, payload] = token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    return typeof header === 'object' && typeof payload === 'object' && header !== null && payload !== null
      ? { header, payload }
      : undefined;
  } catch {
    return undefined;
  }
}

async function verifySignature(token: string, key: SigningKey): Promise<TokenClaims> {
  // loaded with the first token: a cluster starts without
  const { jwtVerify } = await import('jose/jwt/verify');
  try {
    const options = { algorithms: ['ES256'], currentDate: new Date(0), clockTolerance: Number.MAX_SAFE_INTEGER };
    const { payload } = await jwtVerify(token, key.publicKey, options);
    return checkShape(payload);
  } catch (cause) {
    throw cause instanceof ApiError ? cause : refused('the token is not valid', cause);
  }
}

/** Signed by us, and yet: only claims of the form that is issued today are believed. */
function checkShape(payload: Record<string, any>): TokenClaims {
  const bound = payload['kubernetes.io'];
  const named = (value: any) => typeof value?.name === 'string' && typeof value?.uid === 'string';
  const times = [payload['iat'], payload['nbf'], payload['exp']].every(Number.isFinite);
  const optional = [bound?.pod, bound?.secret, bound?.node].every((value) => value === undefined || named(value));
  const audience = Array.isArray(payload['aud']) && payload['aud'].every((item) => typeof item === 'string');
  if (!times || !audience || !optional || typeof bound?.namespace !== 'string' || !named(bound?.serviceaccount))
    throw refused('the token lacks claims of a bound ServiceAccount token');
  return payload as TokenClaims;
}

function checkTimes({ exp, nbf }: TokenClaims, nowMs: number): void {
  const when = (seconds: number) => new Date(seconds * 1000).toISOString();
  const now = `(server time ${new Date(nowMs).toISOString()})`;
  if (nowMs >= exp * 1000) throw refused(`the token expired at ${when(exp)} ${now}`);
  if (nowMs < nbf * 1000) throw refused(`the token is not valid before ${when(nbf)} ${now}: check the clocks`);
}
