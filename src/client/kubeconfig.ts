import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import type { Connection, Source } from './connection.ts';

const sizeMaxBytes = 4 * 1024 * 1024;

/** The files kubectl would read: `$KUBECONFIG`, else `~/.kube/config`. */
export function defaultKubeconfigPaths(environment: NodeJS.ProcessEnv = process.env): string[] {
  const listed = environment['KUBECONFIG']?.split(delimiter).filter((path) => path !== '');
  return listed?.length ? listed : [join(homedir(), '.kube/config')];
}

/** A context of a kubeconfig: how to connect, and the namespace that commands start from. */
export type Context = { name: string; namespace: string; connection: Connection };

/**
 * Reads one context (by default the current one) of a kubeconfig file. Throws with the file, the entry and what to do
 * when something is missing or cannot be used.
 */
export function loadKubeconfig(path: string, contextName?: string): Context {
  const text = readFileSync(path, 'utf8');
  if (text.length > sizeMaxBytes) throw new Error(`${path} is larger than ${sizeMaxBytes} bytes: not a kubeconfig`);
  const config = parse(text, { maxAliasCount: 0 }) ?? {};
  const name = contextName ?? config['current-context'];
  if (!name) throw new Error(`${path} has no current-context: name one of its contexts`);
  const find = (list: string, entry: string, wanted: string) => {
    const found = (Array.isArray(config[list]) ? config[list] : []).find((one: any) => one?.name === wanted);
    if (!found?.[entry]) throw new Error(`${path} has no ${entry} named ${wanted}`);
    return found[entry];
  };
  const context = find('contexts', 'context', name);
  const cluster = find('clusters', 'cluster', context.cluster);
  const user = context.user ? find('users', 'user', context.user) : {};
  const connection = connectionOf(cluster, user, dirname(path), `${path}, context ${name}`);
  return { name, namespace: context.namespace || 'default', connection };
}

function connectionOf(cluster: any, user: any, folder: string, where: string): Connection {
  if (typeof cluster.server !== 'string') throw new Error(`${where}: the cluster has no server`);
  if (user.exec || user['auth-provider'])
    throw new Error(`${where}: logging in by a plugin is not supported: use a token or a client certificate`);
  const source = (entry: any, field: string): Source | undefined => {
    const data = entry[`${field}-data`];
    if (data) return { bytes: Buffer.from(data, 'base64') };
    const file = entry[field];
    return file ? { file: isAbsolute(file) ? file : join(folder, file) } : undefined;
  };
  return {
    server: cluster.server,
    certificateAuthority: source(cluster, 'certificate-authority'),
    tlsServerName: cluster['tls-server-name'],
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
    clientCertificate: source(user, 'client-certificate'),
    clientKey: source(user, 'client-key'),
    token: user.token ? { bytes: Buffer.from(user.token) } : user.tokenFile ? { file: user.tokenFile } : undefined,
  };
}
