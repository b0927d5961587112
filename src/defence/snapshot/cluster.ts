import { apiVersionOf } from '../../api/kind.ts';
import type { Transport } from '../../client/transport.ts';
import { isObject } from '../../foundation/json.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import type { Manifest } from '../contract.ts';
import { type ReadKind, readKinds } from './kinds.ts';
import { type Answer, readPages } from './pages.ts';
import { createSnapshot, type Snapshot, type Unread } from './snapshot.ts';
import { trimObject, UnfitObject } from './trim.ts';

const listsAtOnce = 6;
/** Of one group. */
const versionsMax = 20;
/** Of the whole cluster: against an API server that would fill our memory, or answers for ever. */
const bounds = { objectsMax: 400_000, valuesMax: 30_000_000, readMaxMs: 600_000, busyWaitMs: 1000 };

export type ReadOptions = {
  /** Minor version of Kubernetes 1 to judge for, instead of the one that the cluster says it is. */
  minor?: number;
  nowMs: number;
  /** Other bounds than those of every run. */
  bounds?: Partial<typeof bounds>;
};

/**
 * Reads a live cluster by nothing but `get` of /version and /apis and `list` of `readKinds`. What cannot be listed is
 * `unread` with the reason. Throws UsageError when the API server cannot be reached or does not know who asks.
 */
export async function readCluster(connected: Transport, options: ReadOptions): Promise<Snapshot> {
  const { minor, nowMs } = options;
  const limits = { ...bounds, ...options.bounds };
  const signal = AbortSignal.timeout(limits.readMaxMs);
  const transport: Asking = { send: (request) => connected.send({ ...request, signal }) };
  const version = await readVersion(transport, minor);
  const served = await readGroups(transport);
  const reading: Reading = { transport, limits, served, objects: [], unread: [], held: 0, values: 0 };
  const waiting = [...readKinds];
  const work = async () => {
    for (let kind = waiting.shift(); kind; kind = waiting.shift()) await readKind(reading, kind);
  };
  await Promise.all(Array.from({ length: listsAtOnce }, work));
  const { objects, unread } = reading;
  return createSnapshot({ source: 'cluster', takenAtMs: nowMs, ...version, objects, unread });
}

type Asking = Pick<Transport, 'send'>;

type Reading = {
  transport: Asking;
  limits: typeof bounds;
  /** Versions per group, the preferred one first; undefined: the server does not tell. */
  served: Map<string, string[]> | undefined;
  objects: Manifest[];
  unread: Unread[];
  /** Objects and values in memory, also those of lists that are not complete yet. */
  held: number;
  values: number;
};

/** Adds the objects of one kind, all or none: half a list would let what is absent look as if it were not there. */
async function readKind(reading: Reading, kind: ReadKind): Promise<void> {
  const { served, unread } = reading;
  const why = (text: string) => unread.push({ kind: kind.name, why: text });
  if (kind.custom && served === undefined) return void why('the API server does not tell which API groups it serves');
  // A custom resource that is not served has no objects.
  if (kind.custom && !served?.has(kind.group)) return;
  try {
    for (const version of versionsOf(kind, served)) {
      const answer = await readVersionOf(reading, { ...kind, version });
      if (answer.ok) return;
      if (answer.code === 401) throw new UsageError(`the API server does not know who asks: ${answer.why}`);
      if (answer.code !== 404) return void why(answer.why);
    }
    if (!kind.custom) why('the API server does not serve it');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { message } = error as Error;
    why(error instanceof UnfitObject ? message : `no answer: ${message.slice(0, 300)}`);
  }
}

async function readVersionOf(reading: Reading, kind: ReadKind): Promise<Answer> {
  const { limits } = reading;
  const apiVersion = apiVersionOf(kind);
  let found: Manifest[] = [];
  let values = 0;
  const forget = () => {
    reading.held -= found.length;
    reading.values -= values;
    found = [];
    values = 0;
  };
  const take = (item: unknown) => {
    const trimmed = trimObject(item, apiVersion, kind.kind);
    found.push(trimmed.object);
    values += trimmed.values;
    reading.values += trimmed.values;
    if (++reading.held > limits.objectsMax) throw new UnfitObject(`more than ${limits.objectsMax} objects in all`);
    if (reading.values > limits.valuesMax) throw new UnfitObject(`more than ${limits.valuesMax} values in all`);
  };
  try {
    const answer = await readPages(reading.transport, kind, { begin: forget, take, busyWaitMs: limits.busyWaitMs });
    if (answer.ok) for (const object of found) reading.objects.push(object);
    else forget();
    return answer;
  } catch (error) {
    forget();
    throw error;
  }
}

export function unreachable(error: Error): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  const notTrusted = certificateFaults.get(code);
  if (notTrusted !== undefined) return `the API server cannot be trusted: ${notTrusted} (${code})`;
  return `the API server cannot be reached: ${error.message}. Does the cluster run, and is this its kubeconfig?`;
}

const otherAuthority =
  'its certificate is not of the authority that the kubeconfig names (certificate-authority): it is another server, the cluster was made anew, or somebody stands in between';
/** What Node says of a server's certificate, for who reads a kubeconfig. */
const certificateFaults = new Map([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', otherAuthority],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', otherAuthority],
  ['SELF_SIGNED_CERT_IN_CHAIN', otherAuthority],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', otherAuthority],
  ['CERT_SIGNATURE_FAILURE', otherAuthority],
  ['CERT_HAS_EXPIRED', 'its certificate has expired: renew it, and look at the clocks of both machines'],
  ['CERT_NOT_YET_VALID', 'its certificate does not count yet: look at the clocks of both machines'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for other names than the address in the kubeconfig'],
]);

export const unknownUser = 'the API server does not know who asks: log in again, or renew the kubeconfig';

/** The version that we know best, then what else an older or newer server has. */
function versionsOf({ group, version }: ReadKind, served: Map<string, string[]> | undefined): string[] {
  const all = served?.get(group) ?? [version];
  return all.includes(version) ? [version, ...all.filter((other) => other !== version)] : all;
}

async function readVersion(
  transport: Asking,
  minor: number | undefined,
): Promise<{ minor: number; closedByDefault: boolean }> {
  const { code, body } = await transport.send({ method: 'GET', path: '/version' }).catch((error: Error) => {
    throw new UsageError(unreachable(error));
  });
  if (code === 401) throw new UsageError(unknownUser);
  const told = code === 200 ? /^1\.(\d{1,3})/.exec(`${body?.major}.${body?.minor}`)?.[1] : undefined;
  if (told === undefined && minor === undefined)
    throw new UsageError('the API server does not tell its version at /version: say it with --kubernetes');
  return { minor: minor ?? Number(told), closedByDefault: /\+rempart/.test(String(body?.gitVersion ?? '')) };
}

/** The API groups with their versions. */
async function readGroups(transport: Asking): Promise<Map<string, string[]> | undefined> {
  const { code, body } = await transport.send({ method: 'GET', path: '/apis' }).catch(() => ({ code: 0, body: null }));
  if (code !== 200 || !Array.isArray(body?.groups) || !body.groups.every(isObject)) return undefined;
  const named = (value: unknown): value is string => typeof value === 'string' && /^[a-z0-9.-]{1,253}$/.test(value);
  const groups = new Map<string, string[]>();
  for (const { name, versions, preferredVersion } of body.groups) {
    const listed = Array.isArray(versions) ? versions.map((each) => each?.version) : [];
    const all = [preferredVersion?.version, ...listed].filter(named);
    if (named(name)) groups.set(name, [...new Set(all)].slice(0, versionsMax));
  }
  return groups;
}
