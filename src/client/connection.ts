import { readFileSync, statSync } from 'node:fs';
import type { CredentialPlugin, PluginCredential } from './credential-plugin.ts';

/** Bytes given at once, or a file that is read again when it changes (certificates and tokens are short-lived). */
export type Source = { bytes: Buffer } | { file: string };

/** Where an API server is and who asks, as a kubeconfig says it. */
export type Connection = {
  /** `https://127.0.0.1:6443`, with an optional path. */
  server: string;
  certificateAuthority?: Source;
  /** Name to expect in the server's certificate instead of the host of `server`. */
  tlsServerName?: string;
  /** Only ever set because the user's kubeconfig says so. */
  insecureSkipTlsVerify?: boolean;
  clientCertificate?: Source;
  clientKey?: Source;
  token?: Source;
  /** Gives what of token and certificate is not said here. */
  plugin?: CredentialPlugin;
};

export type Material = { ca?: Buffer; cert?: Buffer; key?: Buffer; token?: string };

const sources = ({ certificateAuthority, clientCertificate, clientKey, token }: Connection) =>
  [certificateAuthority, clientCertificate, clientKey, token].filter((source) => source !== undefined);

/** Reads every source. Throws with the file's name when one cannot be read. */
export function readMaterial(connection: Connection): Material {
  const read = (source: Source | undefined) =>
    source === undefined ? undefined : 'bytes' in source ? source.bytes : readFileSync(source.file);
  const given: Partial<PluginCredential> = connection.plugin?.credential() ?? {};
  return {
    ca: read(connection.certificateAuthority),
    cert: read(connection.clientCertificate) ?? given.certificate,
    key: read(connection.clientKey) ?? given.key,
    token: (read(connection.token) ?? given.token)?.toString('utf8').trim(),
  };
}

/** Changes when one of the files does, or a plugin gives something else; the empty string when there is neither. */
export function versionOf(connection: Connection): string {
  const files = sources(connection).map((source) => {
    if ('bytes' in source) return '';
    const { mtimeMs, size, ino } = statSync(source.file);
    return `${mtimeMs}:${size}:${ino}`;
  });
  return [...files, connection.plugin?.credential().run ?? ''].join();
}
