import type { Clock } from '../foundation/clock.ts';
import { type AdmissionSettings, admissionPlugins } from './admission/admission.ts';
import { type Authentication, createAuthentication } from './authentication/authentication.ts';
import { readSigningKey } from './authentication/service-account-keys.ts';
import { createAuthorization } from './authorization/authorization.ts';
import type { Extensions } from './context.ts';
import type { Audit, Defences, Lookup } from './contracts.ts';

export type DefenceSettings = Omit<AdmissionSettings, 'authorization' | 'clock'> & {
  clock: Clock;
  audit: Audit;
  allowConnection: Defences['allowConnection'];
  /** PEM: who may issue client certificates. */
  clientAuthorities: string[];
  /** Issuer and first audience of ServiceAccount tokens: `https://kubernetes.default.svc.cluster.local`. */
  tokenIssuer: string;
  /** Private keys, PEM, newest first; asked whenever they may have changed. */
  tokenKeys(): string[];
};

/**
 * Every defence of the API server, ready for `createServer`: `defences` is made with the server's own reads, and
 * `extensions` answers for what only authentication knows (TokenRequest, OIDC discovery).
 */
export function createDefences(settings: DefenceSettings): {
  defences(lookup: Lookup): Defences;
  extensions: Required<Pick<Extensions, 'issueToken' | 'oidc'>>;
} {
  let authentication: Authentication | undefined;
  const ready = (): Authentication => {
    if (authentication === undefined) throw new Error('the server has not been made with these defences');
    return authentication;
  };
  return {
    defences(lookup) {
      const { clock, audit, allowConnection, clientAuthorities } = settings;
      const authorization = createAuthorization(lookup);
      const anonymousEverywhere = () => settings.modeOf('anonymous-access', lookup) === 'off';
      const { authorize, rulesFor } = authorization;
      authentication = createAuthentication({
        ...{ clientAuthorities, anonymousEverywhere, authorize, lookup, clock },
        ...{ issuer: settings.tokenIssuer, audiences: [settings.tokenIssuer], keys: signingKeys(settings.tokenKeys) },
      });
      const { authenticate, reviewToken } = authentication;
      const admission = admissionPlugins({ ...settings, authorization });
      return { allowConnection, authenticate, authorize, admission, audit, rulesFor, reviewToken };
    },
    extensions: {
      issueToken: (asked) => ready().issueToken(asked),
      oidc: { configuration: () => ready().oidc.configuration(), jwks: () => ready().oidc.jwks() },
    },
  };
}

/** Keys are read from PEM once, as long as the same ones are given. */
function signingKeys(read: () => string[]) {
  let pems: string[] = [];
  let keys: ReturnType<typeof readSigningKey>[] = [];
  return () => {
    const now = read();
    if (now.length !== pems.length || now.some((pem, index) => pem !== pems[index])) {
      pems = now;
      keys = now.map(readSigningKey);
    }
    return keys;
  };
}
