import type { RegistryCredentials } from '../runtimes/runtime.ts';

/** A pull secret: its type and its decoded data. */
export type PullSecret = { type: string; data: Record<string, Buffer> };

type Entry = { pattern: string; username: string; password: string };

const secretBytesMax = 1024 * 1024;
const entriesMax = 1000;
/** What a reference without a registry means, and the odd name that docker login writes for it. */
const defaultRegistry = 'docker.io';
const defaultRegistryKey = 'index.docker.io';

/**
 * The credentials of the secrets that are meant for this image, the most particular first. The rules are kubelet's:
 * https://kubernetes.io/docs/concepts/containers/images/#config-json. A secret that cannot be read is passed over and
 * named in `unreadable` (by its place in the list); nothing of its content is.
 */
export function credentialsFor(reference: string, secrets: PullSecret[]) {
  const unreadable: number[] = [];
  const entries = secrets.flatMap((secret, index) => {
    const read = entriesOf(secret);
    if (read === undefined) unreadable.push(index);
    return read ?? [];
  });
  const found = entries.slice(0, entriesMax).filter(({ pattern }) => isMeantFor(pattern, reference));
  const particular = found.toSorted((a, b) => b.pattern.length - a.pattern.length);
  const credentials = particular.map(({ username, password }) => ({ username, password }));
  return { credentials: credentials as NonNullable<RegistryCredentials>[], unreadable };
}

function entriesOf({ type, data }: PullSecret): Entry[] | undefined {
  const isNew = type === 'kubernetes.io/dockerconfigjson';
  const bytes = data[isNew ? '.dockerconfigjson' : '.dockercfg'];
  if (bytes === undefined || bytes.length > secretBytesMax) return undefined;
  try {
    const parsed = JSON.parse(bytes.toString()) as Record<string, any>;
    const registries = (isNew ? (parsed['auths'] ?? {}) : parsed) as Record<string, any>;
    return Object.entries(registries).flatMap(([pattern, login]) => {
      const pair = loginOf(login);
      return pair ? [{ pattern: pattern.replace(/^https?:\/\//, ''), ...pair }] : [];
    });
  } catch {
    return undefined;
  }
}

/** `auth` is base64 of `username:password`, and wins over the two fields, as docker writes it. */
function loginOf(login: { auth?: unknown; username?: unknown; password?: unknown }) {
  if (typeof login?.auth === 'string' && login.auth !== '') {
    const text = Buffer.from(login.auth, 'base64').toString();
    const colon = text.indexOf(':');
    return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (typeof login?.username !== 'string' || typeof login.password !== 'string') return undefined;
  return { username: login.username, password: login.password };
}

/** Registry and repository: `docker.io/library/nginx` for `nginx:1`. */
export function repositoryOf(reference: string): { registry: string; path: string } {
  const name = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost'))
    return { registry: first, path: rest.join('/') };
  return { registry: defaultRegistry, path: rest.length === 0 ? `library/${name}` : name };
}

/** `*.example.com/team`: each `*` stands within one part of the host name; the path is a prefix in whole parts. */
function isMeantFor(pattern: string, reference: string): boolean {
  const { registry, path } = repositoryOf(reference);
  const [host = '', ...parts] = pattern.replace(/\/+$/, '').split('/');
  // docker login writes `https://index.docker.io/v1/`: the path is the registry's API, not a repository.
  if (host === defaultRegistryKey) return registry === defaultRegistry;
  const [wantedHost = '', wantedPort = ''] = host.split(':');
  const [actualHost = '', actualPort = ''] = registry.split(':');
  const labels = wantedHost.split('.');
  const actual = actualHost.split('.');
  if (wantedPort !== actualPort || labels.length !== actual.length) return false;
  if (!labels.every((label, index) => matchesLabel(label, actual[index]!))) return false;
  const prefix = parts.filter((part, index) => !(index === 0 && /^v[12]$/.test(part))).join('/');
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}

function matchesLabel(pattern: string, label: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === label;
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    const found = index === pieces.length - 1 ? label.length - piece.length : label.indexOf(piece, at);
    if (found < at || !label.startsWith(piece, found) || (index === 0 && found !== 0)) return false;
    at = found + piece.length;
  }
  return true;
}
