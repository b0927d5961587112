import { ApiError } from '../api/status.ts';
import type { Client } from './client.ts';
import { builtInResources, groupPath, type Resource, splitResourceName } from './resources.ts';
import type { Transport } from './transport.ts';

type Lookup = (name: string) => Promise<Resource>;

/** Finds where a resource is served: built-in ones from a table, others by asking the server once per resource. */
export function createDiscovery(transport: Transport): Lookup {
  const found = new Map<string, Resource>();
  return async (name) => {
    const known = builtInResources.get(name) ?? found.get(name);
    if (known) return known;
    const resource = await discover(transport, name);
    found.set(name, resource);
    return resource;
  };
}

async function discover(transport: Transport, name: string): Promise<Resource> {
  const { resource, group } = splitResourceName(name);
  const versions = group === '' ? ['v1'] : await versionsOf(transport, group);
  for (const version of versions) {
    const { code, body } = await transport.send({ method: 'GET', path: groupPath({ group, version }) });
    if (code !== 200) continue;
    const entry = body.resources?.find((candidate: { name: string }) => candidate.name === resource);
    if (entry) return { group, version, resource, kind: entry.kind, namespaced: entry.namespaced === true };
  }
  throw new ApiError('NotFound', `the server has no resource ${name}`);
}

/** The preferred version first. */
async function versionsOf(transport: Transport, group: string): Promise<string[]> {
  const { code, body } = await transport.send({ method: 'GET', path: `/apis/${encodeURIComponent(group)}` });
  if (code !== 200) throw new ApiError('NotFound', `the server has no API group ${group}`);
  const preferred = body.preferredVersion?.version;
  const all: string[] = (body.versions ?? []).map((entry: { version: string }) => entry.version);
  return preferred ? [preferred, ...all.filter((version) => version !== preferred)] : all;
}

/** A resource that is served: what the garbage collector and the namespace controller must look through. */
export type ServedResource = Resource & { name: string; verbs: string[] };

/** Every resource the server has, without subresources, each in the preferred version of its group. */
export async function servedResources({ raw }: Pick<Client, 'raw'>): Promise<ServedResource[]> {
  const { body } = await raw('GET', '/apis');
  const groups = (body.groups ?? []).map((group: any) => ({
    group: group.name,
    version: group.preferredVersion?.version ?? group.versions?.[0]?.version,
  }));
  const resources: ServedResource[] = [];
  for (const { group, version } of [{ group: '', version: 'v1' }, ...groups]) {
    const answer = await raw('GET', groupPath({ group, version }));
    if (answer.code !== 200) throw new ApiError('ServiceUnavailable', `discovery of ${group}/${version} failed`);
    for (const { name, kind, namespaced, verbs } of answer.body.resources ?? [])
      if (!name.includes('/')) {
        const qualified = group === '' ? name : `${name}.${group}`;
        resources.push({ group, version, resource: name, kind, namespaced, name: qualified, verbs: verbs ?? [] });
      }
  }
  return resources;
}
