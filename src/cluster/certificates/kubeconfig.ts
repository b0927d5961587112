import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writePrivateFile } from '../../foundation/private-file.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { type Credential, validity } from './authority.ts';

export type KubeconfigEntry = {
  /** Name of the context, the cluster and the user. */
  name: string;
  /** URL of the API server. */
  server: string;
  /** PEM. */
  authority: string;
  credential: Credential;
};

type Named = { name: string; [field: string]: unknown };
type Kubeconfig = {
  apiVersion: string;
  kind: string;
  clusters: Named[];
  users: Named[];
  contexts: Named[];
  'current-context': string;
  preferences?: object;
};

/**
 * Writes the entry into a kubeconfig file (0600), keeping whatever else it holds. `select` makes it the current
 * context; without it only an empty file gets one. Throws when an existing file is not a kubeconfig.
 */
export async function writeKubeconfig(file: string, entry: KubeconfigEntry, select = true): Promise<void> {
  const { stringify } = await import('yaml');
  const config = existsSync(file) ? await parseKubeconfig(file) : emptyKubeconfig();
  const { name, server, authority, credential } = entry;
  put(config.clusters, { name, cluster: { server, 'certificate-authority-data': encode(authority) } });
  put(config.users, { name, user: userOf(credential) });
  if (!config.contexts.some((context) => context.name === name))
    config.contexts.push({ name, context: { cluster: name, user: name } });
  if (select || config['current-context'] === '') config['current-context'] = name;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writePrivateFile(file, stringify(config));
}

/**
 * Gives an entry that the file has a new credential, and returns whether it did: a file, a context or a user that
 * somebody took away is not made again. Throws when the file is not a kubeconfig.
 */
export async function renewKubeconfig(file: string, name: string, credential: Credential): Promise<boolean> {
  if (!existsSync(file)) return false;
  const { stringify } = await import('yaml');
  const config = await parseKubeconfig(file);
  const uses = config.contexts.some(({ context }) => (context as { user?: string } | undefined)?.user === name);
  if (!uses || !config.users.some((user) => user.name === name)) return false;
  put(config.users, { name, user: userOf(credential) });
  writePrivateFile(file, stringify(config));
  return true;
}

/** The credential that an entry of the file has; undefined when there is none. */
export async function readKubeconfigCredential(file: string, name: string): Promise<Credential | undefined> {
  if (!existsSync(file)) return undefined;
  const entry = (await parseKubeconfig(file)).users.find((user) => user.name === name);
  const user = entry?.['user'] as Record<string, string> | undefined;
  const decode = (text = '') => Buffer.from(text, 'base64').toString('utf8');
  const [certificate, key] = [decode(user?.['client-certificate-data']), decode(user?.['client-key-data'])];
  return certificate === '' || key === '' ? undefined : { certificate, key, ...validity(certificate) };
}

/** Throws a UsageError when the file is there and is not a kubeconfig: said before anything is started. */
export async function checkKubeconfig(file: string): Promise<void> {
  if (existsSync(file)) await parseKubeconfig(file);
}

/** Takes the entry out again. A file that then holds nothing is left empty, not deleted: true. */
export async function removeKubeconfig(file: string, name: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const { stringify } = await import('yaml');
  const config = await parseKubeconfig(file);
  const others = (list: Named[]) => list.filter((item) => item.name !== name);
  const current = config['current-context'] === name ? '' : config['current-context'];
  const left = { clusters: others(config.clusters), users: others(config.users), contexts: others(config.contexts) };
  writePrivateFile(file, stringify({ ...config, ...left, 'current-context': current }));
  return left.clusters.length + left.users.length + left.contexts.length === 0;
}

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64');

const userOf = ({ certificate, key }: Credential) => ({
  'client-certificate-data': encode(certificate),
  'client-key-data': encode(key),
});

async function parseKubeconfig(file: string): Promise<Kubeconfig> {
  const { parse } = await import('yaml');
  let parsed: unknown;
  try {
    parsed = parse(readFileSync(file, 'utf8'), { logLevel: 'error' });
  } catch (cause) {
    // The parser's own message would quote the file, which has keys in it.
    throw new UsageError(`${file} is not valid YAML: name another file with --kubeconfig`, { cause });
  }
  return readKubeconfig(parsed, file);
}

function emptyKubeconfig(): Kubeconfig {
  return { apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [], 'current-context': '' };
}

function readKubeconfig(parsed: unknown, file: string): Kubeconfig {
  if (parsed === null || parsed === undefined) return emptyKubeconfig();
  const config = parsed as Partial<Kubeconfig>;
  if (typeof parsed !== 'object' || (config.kind !== undefined && config.kind !== 'Config'))
    throw new UsageError(`${file} is not a kubeconfig: name another file with --kubeconfig`);
  const list = (value: Named[] | null | undefined) => (Array.isArray(value) ? value : []);
  return {
    ...emptyKubeconfig(),
    ...config,
    clusters: list(config.clusters),
    users: list(config.users),
    contexts: list(config.contexts),
    'current-context': config['current-context'] ?? '',
  };
}

function put(list: Named[], item: Named): void {
  const index = list.findIndex(({ name }) => name === item.name);
  if (index === -1) list.push(item);
  else list[index] = item;
}
