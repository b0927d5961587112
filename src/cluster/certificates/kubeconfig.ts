import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Credential } from './authority.ts';
import { writePrivateFile } from './private-file.ts';

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
  const { parse, stringify } = await import('yaml');
  const config = existsSync(file) ? readKubeconfig(parse(readFileSync(file, 'utf8')), file) : emptyKubeconfig();
  const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64');
  const { name, server, authority, credential } = entry;
  put(config.clusters, { name, cluster: { server, 'certificate-authority-data': encode(authority) } });
  const user = {
    'client-certificate-data': encode(credential.certificate),
    'client-key-data': encode(credential.key),
  };
  put(config.users, { name, user });
  if (!config.contexts.some((context) => context.name === name))
    config.contexts.push({ name, context: { cluster: name, user: name } });
  if (select || config['current-context'] === '') config['current-context'] = name;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writePrivateFile(file, stringify(config));
}

/** Takes the entry out again; a file that then holds nothing is left empty, not deleted. */
export async function removeKubeconfig(file: string, name: string): Promise<void> {
  if (!existsSync(file)) return;
  const { parse, stringify } = await import('yaml');
  const config = readKubeconfig(parse(readFileSync(file, 'utf8')), file);
  const others = (list: Named[]) => list.filter((item) => item.name !== name);
  const current = config['current-context'] === name ? '' : config['current-context'];
  const left = { clusters: others(config.clusters), users: others(config.users), contexts: others(config.contexts) };
  writePrivateFile(file, stringify({ ...config, ...left, 'current-context': current }));
}

function emptyKubeconfig(): Kubeconfig {
  return { apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [], 'current-context': '' };
}

function readKubeconfig(parsed: unknown, file: string): Kubeconfig {
  if (parsed === null || parsed === undefined) return emptyKubeconfig();
  const config = parsed as Partial<Kubeconfig>;
  if (typeof parsed !== 'object' || (config.kind !== undefined && config.kind !== 'Config'))
    throw new Error(`${file} is not a kubeconfig: name another file with --kubeconfig`);
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
