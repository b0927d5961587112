import type { Call, ClientAddress, Seen } from '../../api/observations/observation.ts';
import type { AuditEvent } from '../../server/server.ts';

/** Names of objects, or paths, that are told apart for each user, verb and resource; beyond it they are `*`. */
export const namesMax = 20;
const limits = { callsMax: 10_000, addressesMax: 2000 };
/** No path of the API is longer; whoever sends one gets no place in memory for it. */
const pathLengthMax = 1024;
/** Of all places, what one user may take: a pod that makes up names leaves room for everybody else. */
const shareOfUser = 1 / 4;
/** What nobody asked for so long makes room for others. */
const idleMs = 60 * 60_000;

/** `lost`: requests that found no room. */
export type Drained = { calls: Call[]; addresses: ClientAddress[]; lost: number };

/** Requests since the last `drain`, by what makes two of them the same. */
export type CallTap = {
  record(event: AuditEvent): void;
  drain(): Drained;
};

type Count = { count: number; firstMs: number; lastMs: number };
/** `names` holds '' for requests that name nothing and `*` for those beyond the bound. */
type Kept = { call: Omit<Call, keyof Seen | 'name' | 'path'>; names: Map<string, Count>; lastMs: number };
type ByUser<T> = { users: Map<string, Map<string, T>>; size: number };

/**
 * Runs once per request, so it only looks up and counts: texts are joined to one key, and what is told about them is
 * made when it is asked for.
 */
export function createCallTap(now: () => number, { callsMax, addressesMax } = limits): CallTap {
  const calls: ByUser<Kept> = { users: new Map(), size: 0 };
  const addresses: ByUser<Count> = { users: new Map(), size: 0 };
  let lost = 0;
  return {
    record(event) {
      const { annotations, responseStatus, requestURI, objectRef, user, sourceIPs } = event;
      if (isEndOfStream(event)) return;
      const decision = annotations?.['authorization.k8s.io/decision'];
      // Refused before it was known what was asked for: a bad URL, too many requests.
      if (decision === undefined && responseStatus?.code !== 401) return;
      const path = pathOf(requestURI);
      const timeMs = now();
      const allowed = decision === 'allow';
      const fits = path.length <= pathLengthMax;
      const address = keptFor(addresses, addressesMax, user.username, sourceIPs[0] ?? '', newCount);
      const kept = fits
        ? keptFor(calls, callsMax, user.username, keyOf(event, allowed), () => newKept(event, allowed))
        : undefined;
      if (address !== undefined) touch(address, timeMs);
      if (kept === undefined || address === undefined) lost++;
      if (kept === undefined) return;
      kept.lastMs = timeMs;
      touch(countOf(kept.names, objectRef === undefined ? path : (objectRef.name ?? '')), timeMs);
    },
    drain() {
      const drained: Drained = { calls: [], addresses: [], lost };
      for (const own of calls.users.values())
        for (const { call, names } of own.values())
          for (const [name, count] of names) {
            const named = call.resource === '' ? { name: '', path: name } : { name, path: '' };
            drained.calls.push(...taken(count).map((seen) => ({ ...call, ...named, ...seen })));
          }
      for (const [user, own] of addresses.users)
        for (const [address, count] of own)
          drained.addresses.push(...taken(count).map((seen) => ({ address, user, ...seen })));
      lost = 0;
      forget(calls, now() - idleMs);
      forget(addresses, now() - idleMs);
      return drained;
    },
  };
}

/** A stream is recorded when it starts and when it ends: it is one request. */
const isEndOfStream = ({ stage, verb, objectRef, responseStatus }: AuditEvent): boolean =>
  stage === 'ResponseComplete' &&
  (responseStatus?.code ?? 0) < 400 &&
  (verb === 'watch' || streams.has(objectRef?.subresource ?? ''));
const streams = new Set(['exec', 'attach', 'portforward']);

function pathOf(uri: string): string {
  const mark = uri.indexOf('?');
  return mark < 0 ? uri : uri.slice(0, mark);
}

/** Within one user: whoever sends names with blanks in them confuses only what is known of himself. */
function keyOf({ verb, objectRef }: AuditEvent, allowed: boolean): string {
  if (objectRef === undefined) return allowed ? verb : `${verb} refused`;
  const { apiGroup = '', resource, subresource = '', namespace = '' } = objectRef;
  return `${verb} ${apiGroup} ${resource} ${subresource} ${namespace}${allowed ? '' : ' refused'}`;
}

function keptFor<T>(kept: ByUser<T>, max: number, user: string, key: string, make: () => T): T | undefined {
  let own = kept.users.get(user);
  const known = own?.get(key);
  if (known !== undefined) return known;
  if (kept.size >= max || (own?.size ?? 0) >= max * shareOfUser) return undefined;
  if (own === undefined) {
    own = new Map();
    kept.users.set(user, own);
  }
  const made = make();
  own.set(key, made);
  kept.size++;
  return made;
}

function countOf(names: Map<string, Count>, asked: string): Count {
  const known = names.get(asked);
  if (known !== undefined) return known;
  const name = asked === '' || names.size < namesMax ? asked : '*';
  const count = names.get(name) ?? newCount();
  names.set(name, count);
  return count;
}

const newCount = (): Count => ({ count: 0, firstMs: 0, lastMs: 0 });

function newKept({ user, verb, objectRef }: AuditEvent, allowed: boolean): Kept {
  const call = {
    ...{ user: user.username, groups: user.groups, verb, allowed },
    resource: objectRef?.resource ?? '',
    group: objectRef?.apiGroup ?? '',
    subresource: objectRef?.subresource ?? '',
    namespace: objectRef?.namespace ?? '',
  };
  return { call, names: new Map(), lastMs: 0 };
}

function touch(count: Count, timeMs: number): void {
  if (count.count === 0) count.firstMs = timeMs;
  count.lastMs = timeMs;
  count.count++;
}

/** What was counted since the last time; it starts from nothing again. */
function taken(count: Count): Seen[] {
  if (count.count === 0) return [];
  const seen = { firstMs: count.firstMs, lastMs: count.lastMs, count: count.count };
  count.count = 0;
  return [seen];
}

function forget<T extends { lastMs: number }>(kept: ByUser<T>, beforeMs: number): void {
  for (const [user, own] of kept.users) {
    for (const [key, { lastMs }] of own) if (lastMs < beforeMs && own.delete(key)) kept.size--;
    if (own.size === 0) kept.users.delete(user);
  }
}
