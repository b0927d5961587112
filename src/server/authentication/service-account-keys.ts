import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** One key pair for ServiceAccount tokens (ECDSA P-256). */
export type SigningKey = { id: string; privateKey: KeyObject; publicKey: KeyObject };

/** Reads private keys, PEM (PKCS #8). The id is derived from the public key, so that every server names it alike. */
export function readSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  if (publicKey.asymmetricKeyType !== 'ec' || publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new Error('a ServiceAccount signing key must be an ECDSA key on P-256');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { id: createHash('sha256').update(der).digest('base64url'), privateKey, publicKey };
}

/** The public keys as a JSON Web Key Set (RFC 7517), for `/openid/v1/jwks`. */
export function keySet(keys: SigningKey[]): { keys: object[] } {
  return {
    keys: keys.map(({ id, publicKey }) => ({
      use: 'sig',
      alg: 'ES256',
      kid: id,
      ...publicKey.export({ format: 'jwk' }),
    })),
  };
}
