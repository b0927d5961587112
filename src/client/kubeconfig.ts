import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import type { Connection, Source } from './connection.ts';
import { createCredentialPlugin } from './credential-plugin.ts';

const sizeMaxBytes = 4 * 1024 * 1024;
const filesMax = 100;

/** The files kubectl would read: `$KUBECONFIG`, else `~/.kube/config`. */
export function defaultKubeconfigPaths(environment: NodeJS.ProcessEnv = process.env): string[] {
  const listed = environment['KUBECONFIG']?.split(delimiter).filter((path) => path !== '');
  return listed?.length ? listed : [join(homedir(), '.kube/config')];
}

/** A context of a kubeconfig: how to connect, and the namespace that commands start from. */
export type Context = { name: string; namespace: string; connection: Connection };

/** An entry and the folder of its file, to which its paths are relative. */
type Entry = { value: any; folder: string };

/**
 * Reads one context (by default the current one) of a kubeconfig file, or of several as kubectl merges them: the first
 * that says something wins, and of several those that are not there are left out. Throws with the file, the entry and
 * what to do when something is missing or cannot be used.
 */
export function loadKubeconfig(path: string | string[], contextName?: string): Context {
  const paths = [path].flat().slice(0, filesMax);
  const configs = paths.flatMap((each) => readConfig(each, paths.length > 1));
  const named = paths.join(', ');
  if (configs.length === 0) throw new Error(`there is none of ${named}`);
  const name = contextName ?? configs.map(({ value }) => value['current-context']).find(Boolean);
  if (!name) throw new Error(`${named} has no current-context: name one of its contexts`);
  const find = (list: string, entry: string, wanted: string): Entry => {
    for (const { value, folder } of configs) {
      const found = (Array.isArray(value[list]) ? value[list] : []).find((one: any) => one?.name === wanted);
      if (found?.[entry]) return { value: found[entry], folder };
    }
    throw new Error(`${named} has no ${entry} named ${wanted}`);
  };
  const context = find('contexts', 'context', name).value;
  const cluster = find('clusters', 'cluster', context.cluster);
  const user = context.user ? find('users', 'user', context.user) : { value: {}, folder: '.' };
  const connection = connectionOf(cluster, user, `${named}, context ${name}`);
  return { name, namespace: context.namespace || 'default', connection };
}

function readConfig(path: string, oneOfSeveral: boolean): Entry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (oneOfSeveral && (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (text.length > sizeMaxBytes) throw new Error(`${path} is larger than ${sizeMaxBytes} bytes: not a kubeconfig`);
  const value = parseYaml(text, path) ?? {};
  if (typeof value !== 'object') throw new Error(`${path} is not a kubeconfig`);
  return [{ value, folder: dirname(path) }];
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, logLevel: 'error' });
  } catch (error) {
    // What the parser says quotes the file, which has keys in it: errors, as a cause too, and warnings.
    const [place] = (error as { linePos?: { line: number }[] }).linePos ?? [];
    throw new Error(`${path} is not valid YAML${place ? `, at line ${place.line}` : ''}`);
  }
}

function connectionOf(
  { value: cluster, folder }: Entry,
  { value: user, folder: userFolder }: Entry,
  where: string,
): Connection {
  if (typeof cluster.server !== 'string') throw new Error(`${where}: the cluster has no server`);
  const refuse = (what: string) => {
    throw new Error(`${where}: ${what}`);
  };
  if (cluster['proxy-url']) refuse('proxy-url is not supported: connect without it, or by kubectl proxy');
  if (user['auth-provider'])
    refuse('auth-provider is gone from Kubernetes since 1.26: use a login plugin (exec), a token or a certificate');
  if (user.username) refuse('a password is not supported, nor by Kubernetes since 1.19: use a token or a certificate');
  if (user.as) refuse('acting as another user (as) is not supported: log in as that user');
  const fileOf = ({ value, folder }: Entry, field: string): Source | undefined => {
    const file = value[field];
    return file ? { file: isAbsolute(file) ? file : join(folder, file) } : undefined;
  };
  const source = (entry: Entry, field: string): Source | undefined => {
    const data = entry.value[`${field}-data`];
    return data ? { bytes: Buffer.from(data, 'base64') } : fileOf(entry, field);
  };
  const ofUser = { value: user, folder: userFolder };
  return {
    server: cluster.server,
    certificateAuthority: source({ value: cluster, folder }, 'certificate-authority'),
    tlsServerName: cluster['tls-server-name'],
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
    clientCertificate: source(ofUser, 'client-certificate'),
    clientKey: source(ofUser, 'client-key'),
    token: fileOf(ofUser, 'tokenFile') ?? (user.token ? { bytes: Buffer.from(user.token) } : undefined),
    plugin: user.exec && createCredentialPlugin(user.exec, { where, folder: userFolder, cluster }),
  };
}
