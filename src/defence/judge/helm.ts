import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Client } from '../../client/client.ts';
import { isObject } from '../../foundation/json.ts';
import { removalOf } from '../cluster/api-removals.ts';
import type { JudgedObject, Manifest, Unassessed } from '../contract.ts';
import { readDocuments, split } from '../manifests/documents.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** Ten of a megabyte each are a page; a release is as large as a Secret may be. */
const pageSize = 10;
const releasesMax = 5000;
/** Of one release, decompressed: hundreds of times what the largest charts make. */
const releaseMaxBytes = 32 * 2 ** 20;
const objectsMax = 10_000;

export type HelmObjects = { objects: JudgedObject[]; unassessed: Unassessed[] };

/** The one check that is about them. */
export const helmCheck = 'removed-api';
const check = helmCheck;
const labels = 'owner=helm,status=deployed';

/**
 * What Helm would apply again at its next upgrade and no server may take: objects of API versions that were, or will be,
 * removed, out of the manifests that Helm keeps of each release in Secrets or ConfigMaps
 * (https://helm.sh/docs/topics/kubernetes_apis/). Reads Secrets with their values, of Helm's own only.
 */
export async function readHelmObjects(client: Pick<Client, 'raw'>): Promise<HelmObjects> {
  const found: HelmObjects = { objects: [], unassessed: [] };
  for (const resource of ['secrets', 'configmaps']) {
    const why = await eachRelease(client, resource, async (item) => {
      const name = `Helm release ${item?.metadata?.namespace}/${item?.metadata?.labels?.name}`;
      try {
        addObjects(found, item, await manifestOf(item, resource === 'secrets'));
      } catch (error) {
        found.unassessed.push({ what: name, why: (error as Error).message, check });
      }
    });
    if (why !== undefined) found.unassessed.push({ what: `Helm releases in ${resource}`, why, check });
  }
  return found;
}

/** Reads page after page; returns why it could not. */
async function eachRelease(
  { raw }: Pick<Client, 'raw'>,
  resource: string,
  take: (item: any) => Promise<void>,
): Promise<string | undefined> {
  let count = 0;
  for (let token = ''; ; ) {
    const query = new URLSearchParams({
      labelSelector: labels,
      limit: String(pageSize),
      ...(token ? { continue: token } : {}),
    });
    const { code, body } = await raw('GET', `/api/v1/${resource}?${query}`);
    if (code !== 200) return `code ${code}: ${String(body?.message ?? '').slice(0, 300)}`;
    if (!Array.isArray(body?.items ?? [])) return 'the API server’s list has no items';
    for (const item of body.items ?? []) {
      if (++count > releasesMax) return `more than ${releasesMax} releases`;
      await take(item);
    }
    const next: unknown = body.metadata?.continue;
    if (typeof next !== 'string' || next === '') return undefined;
    if (next === token) return 'the API server gives the same page again and again';
    token = next;
  }
}

const decompress = promisify(gunzip);

/** Helm's own encoding is base64 of gzip of JSON; a Secret has base64 around that. */
async function manifestOf(item: any, secret: boolean): Promise<string> {
  const text = item?.data?.release;
  if (typeof text !== 'string') throw new Error('it has no release in it');
  const encoded = secret ? Buffer.from(text, 'base64').toString('latin1') : text;
  let bytes = Buffer.from(encoded, 'base64');
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    bytes = await decompress(bytes, { maxOutputLength: releaseMaxBytes }).catch((error: NodeJS.ErrnoException) => {
      const large = error.code === 'ERR_BUFFER_TOO_LARGE';
      throw new Error(large ? `it is larger than ${releaseMaxBytes / 2 ** 20} MB` : 'it cannot be decompressed');
    });
  let release: unknown;
  try {
    release = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Error('it is not the JSON of a release');
  }
  if (!isObject(release) || typeof release['manifest'] !== 'string') throw new Error('it has no manifest');
  return release['manifest'];
}

/** Most documents are of versions that stay: only the others are parsed. */
function addObjects({ objects }: HelmObjects, { metadata }: any, manifest: string): void {
  const file = `helm:${metadata.namespace}/${metadata.labels?.name ?? metadata.name}`;
  for (const [index, { text, firstLine }] of split(manifest).entries()) {
    const apiVersion = /^apiVersion:\s*["']?([^\s"'#]+)/m.exec(text)?.[1];
    const kind = /^kind:\s*["']?([^\s"'#]+)/m.exec(text)?.[1];
    if (apiVersion && kind && removalOf(apiVersion, kind) === undefined) continue;
    for (const { value, lineOf } of readDocuments(text).documents) {
      if (!isObject(value) || !isObject(value['metadata']) || objects.length >= objectsMax) continue;
      const object = { ...value, metadata: { namespace: metadata.namespace, ...value['metadata'] } } as Manifest;
      if (removalOf(object.apiVersion, object.kind) === undefined) continue;
      objects.push({
        only: check,
        object,
        origin: { file, document: index, lineOf: (field) => firstLine - 1 + lineOf(field) },
      });
    }
  }
}

/** What is not known when no release was opened. */
export function unopenedReleases(snapshot: Snapshot): Unassessed[] {
  const why = 'what Helm would apply again is read only with --helm, which needs the right to read secrets';
  const seen = [...snapshot.of('Secret'), ...snapshot.of('ConfigMap')]
    .filter(({ metadata: { labels } }) => labels?.['owner'] === 'helm' && labels['status'] === 'deployed')
    .map(({ metadata }) => ({ what: `Helm release ${metadata.namespace}/${metadata.labels!['name']}`, why, check }));
  if (snapshot.whyUnread('Secret') === undefined) return seen;
  return [
    ...seen,
    { what: 'Helm releases', why: 'Secrets could not be read, so whether there are any is unknown', check },
  ];
}
