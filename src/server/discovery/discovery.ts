import { createHash } from 'node:crypto';
import type { Kind } from '../../api/kind.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { type Reply, valueReply } from '../context.ts';
import { parse } from '../http/negotiate.ts';
import { compareVersions, type Kinds } from '../kinds.ts';
import type { PathContext } from '../paths.ts';
import { aggregated } from './aggregated.ts';
import { resourceList } from './resources.ts';

/** `/api`, `/apis` and below, in the old form and, when asked for by Accept, aggregated (KEP-3352). */
export function respondToDiscovery(context: PathContext): Reply | undefined {
  const { kinds, target, request } = context;
  const parts = target.path.split('/').filter((part) => part !== '');
  if (parts.length === 1) {
    const version = aggregatedVersion(request.accept);
    if (version !== undefined) return aggregatedReply(context, parts[0] === 'api', version);
  }
  if (parts[0] === 'api') return parts.length === 1 ? coreVersions(kinds) : coreResources(kinds, parts);
  if (parts[0] !== 'apis' || parts.length > 3) return undefined;
  if (parts.length === 1)
    return valueReply({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(kinds).map(groupOf) });
  const group = groupsOf(kinds).find(({ name }) => name === parts[1]);
  if (group === undefined) return undefined;
  if (parts.length === 2) return valueReply({ kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) });
  const found = kinds.all().filter((kind) => kind.group === parts[1] && kind.version === parts[2]);
  return found.length === 0 ? undefined : valueReply(resourceList(`${parts[1]}/${parts[2]}`, found));
}

function coreVersions(kinds: Kinds): Reply {
  const versions = [
    ...new Set(
      kinds
        .all()
        .filter(({ group }) => group === '')
        .map(({ version }) => version),
    ),
  ];
  return valueReply({ kind: 'APIVersions', versions, serverAddressByClientCIDRs: [] });
}

function coreResources(kinds: Kinds, parts: string[]): Reply | undefined {
  const found = kinds.all().filter(({ group, version }) => group === '' && version === parts[1]);
  return found.length === 0 || parts.length > 2 ? undefined : valueReply(resourceList(parts[1]!, found));
}

export type Group = { name: string; versions: string[]; kinds: Kind[] };

/** The named groups in the order kinds were listed, their versions by preference. */
export function groupsOf(kinds: Kinds): Group[] {
  const groups = new Map<string, Group>();
  for (const kind of kinds.all()) {
    if (kind.group === '') continue;
    const group = groups.get(kind.group) ?? { name: kind.group, versions: [], kinds: [] };
    group.kinds.push(kind);
    if (!group.versions.includes(kind.version)) group.versions.push(kind.version);
    groups.set(kind.group, group);
  }
  for (const group of groups.values()) group.versions.sort(compareVersions);
  return [...groups.values()];
}

function groupOf({ name, versions }: Group) {
  const all = versions.map((version) => ({ groupVersion: apiVersionOf({ group: name, version }), version }));
  return { name, versions: all, preferredVersion: all[0] };
}

/** `v2` or `v2beta1` when the client prefers aggregated discovery. */
function aggregatedVersion(accept: string): string | undefined {
  for (const part of accept.split(',')) {
    const { type, parameters } = parse(part);
    if (type !== 'application/json' && type !== '*/*') continue;
    if (parameters.get('as') === undefined) return undefined;
    const version = parameters.get('v') ?? '';
    const asked = parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('as') === 'APIGroupDiscoveryList';
    if (asked && (version === 'v2' || version === 'v2beta1')) return version;
  }
  return undefined;
}

function aggregatedReply({ kinds, request }: PathContext, core: boolean, version: string): Reply {
  const bytes = JSON.stringify(aggregated(kinds, core, version));
  const etag = `"${createHash('sha256').update(bytes).digest('hex').toUpperCase()}"`;
  const headers = { ETag: etag, Vary: 'Accept' };
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  const unchanged = request.ifNoneMatch === etag;
  return { code: unchanged ? 304 : 200, headers, body: { form: 'bytes', contentType, bytes: unchanged ? '' : bytes } };
}
