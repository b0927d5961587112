import type { KubernetesObject } from '../../api/object.ts';
import { authenticatedGroup, unauthenticatedGroup } from '../../api/rbac/identity.ts';
import { ApiError } from '../../api/status.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Authenticator, Authorizer, Credentials } from '../contracts.ts';
import { createBootstrapTokenAuthenticator } from './bootstrap-token.ts';
import { createCertificateAuthenticator } from './client-certificate.ts';
import { impersonated } from './impersonation.ts';
import { keySet } from './service-account-keys.ts';
import { createTokenVerifier, type TokenSettings } from './service-account-token.ts';
import { issueToken } from './token-issue.ts';

export type AuthenticationOptions = TokenSettings & {
  /** PEM: who may issue client certificates. */
  clientAuthorities: string[];
  /** Decides about impersonation. */
  authorize: Authorizer;
  /** Whether nameless requests may ask for anything else: then roles decide, as for system:unauthenticated. */
  anonymousEverywhere(): boolean;
};

export type Authentication = {
  authenticate: Authenticator;
  /** For TokenRequest: an object with the token in its status. */
  issueToken(asked: { serviceAccount: KubernetesObject; request: KubernetesObject }): Promise<KubernetesObject>;
  /** For TokenReview: the status of the review. */
  reviewToken(token: string, audiences?: string[]): Promise<object>;
  oidc: { configuration(): object; jwks(): object };
};

/** One object per credential: what is derived from a user is kept by it. */
const authenticated = new WeakMap<UserInfo, UserInfo>();
function authenticatedOf(user: UserInfo): UserInfo {
  let known = authenticated.get(user);
  if (known === undefined) {
    known = { ...user, groups: [...user.groups, authenticatedGroup] };
    authenticated.set(user, known);
  }
  return known;
}

const anonymous: UserInfo = { username: 'system:anonymous', groups: [unauthenticatedGroup] };
const openPaths = /^\/(healthz|livez|readyz|version)(\/|$)/;

/**
 * Everything that can say who asks, in order: client certificate, ServiceAccount token, bootstrap token; nobody at all
 * only for health and version. A credential that is there and bad is refused, never taken for anonymous.
 */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const byCertificate = createCertificateAuthenticator(options.clientAuthorities, options.clock);
  const verifyToken = createTokenVerifier(options);
  const byBootstrapToken = createBootstrapTokenAuthenticator(options.lookup, options.clock);
  const byToken = async (token: string, audiences?: string[]) => {
    const verified = await verifyToken(token, audiences);
    if (verified !== undefined) return verified;
    const user = byBootstrapToken(token);
    // It is for this server, whoever else has it reviewed.
    const own = options.audiences.filter((audience) => audiences === undefined || audiences.includes(audience));
    return user === undefined || own.length === 0 ? undefined : { user, audiences: own };
  };
  const actingAs = (user: UserInfo, { request }: Credentials) =>
    impersonated(authenticatedOf(user), request?.rawHeaders ?? [], options.authorize);
  const withoutCertificate = async (credentials: Credentials) => {
    const user = await ofToken(credentials, byToken);
    if (user !== undefined) return actingAs(user, credentials);
    return isOpen(credentials, options) ? anonymous : undefined;
  };
  return {
    authenticate(credentials) {
      const user = byCertificate(credentials);
      return user === undefined ? withoutCertificate(credentials) : actingAs(user, credentials);
    },
    issueToken: ({ serviceAccount, request }) => issueToken(options, serviceAccount, request),
    async reviewToken(token, audiences = []) {
      try {
        const verified = await byToken(token, audiences.length === 0 ? options.audiences : audiences);
        if (verified === undefined) return { authenticated: false, error: 'the token is not known' };
        const user = { ...verified.user, groups: [...verified.user.groups, authenticatedGroup] };
        return { authenticated: true, user, audiences: verified.audiences };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { authenticated: false, error: error.message };
      }
    },
    oidc: { configuration: () => discoveryDocument(options.issuer), jwks: () => keySet(options.keys()) },
  };
}

async function ofToken(
  { bearerToken }: Credentials,
  byToken: (token: string) => Promise<{ user: UserInfo } | undefined>,
): Promise<UserInfo | undefined> {
  if (bearerToken === undefined || bearerToken === '') return undefined;
  const verified = await byToken(bearerToken);
  if (verified === undefined) throw new ApiError('Unauthorized', 'the bearer token is not known');
  return verified.user;
}

function isOpen({ request }: Credentials, options: AuthenticationOptions): boolean {
  if (options.anonymousEverywhere()) return true;
  const path = (request?.url ?? '').split('?', 1)[0]!;
  if (request?.method !== 'GET' && request?.method !== 'HEAD') return false;
  return openPaths.test(path);
}

/** OpenID Connect Discovery 1.0, as much as token verifiers read. */
function discoveryDocument(issuer: string): object {
  return {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}
