import type { KubernetesObject } from '../../api/object.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { forbiddenValue, notSupported } from '../../api/validation/errors.ts';
import type { Entry, RangeOptions } from '../../store/store.ts';
import { Compacted, FutureRevision } from '../../store/store.ts';
import type { Context, ListMeta, Reply } from '../context.ts';
import { keyOf, objectFor, prefixOf } from '../storage/codec.ts';
import { notInFuture } from './get.ts';
import { refusedOption } from './options.ts';
import { readSelectors, selectedName } from './selectors.ts';

type Continue = { revision: number; after: string };
type Page = { entries: Entry[]; revision: number; continue?: string; remaining?: number };

const versionOfTokens = 'rempart/v1';
/** A selective list reads this many entries at a time. */
const readAtOnce = 1000;

export function list(context: Context): Reply {
  const { kind } = context;
  checkOptions(context.target.query);
  const page = readPage(context);
  const metadata: ListMeta = { resourceVersion: String(page.revision) };
  if (page.continue !== undefined) metadata.continue = page.continue;
  if (page.remaining !== undefined) metadata.remainingItemCount = page.remaining;
  return { code: 200, body: { form: 'list', kind, entries: page.entries, metadata } };
}

/** Source: k8s.io/apimachinery pkg/apis/meta/internalversion/validation/validation.go, ValidateListOptions. */
function checkOptions(query: URLSearchParams): void {
  if (query.size === 0) return;
  const [token, revision] = [query.get('continue') ?? '', query.get('resourceVersion') ?? ''];
  if (query.has('sendInitialEvents'))
    throw refusedOption('ListOptions', forbiddenValue('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (token !== '' && query.get('resourceVersionMatch'))
    throw refusedOption(
      'ListOptions',
      forbiddenValue('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
    );
  // The token says at which revision the list goes on.
  if (token !== '' && revision !== '' && revision !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  const timeout = query.get('timeoutSeconds');
  if (timeout !== null && !/^-?\d{1,18}$/.test(timeout))
    throw badRequest(`timeoutSeconds: Invalid value: "${timeout}": must be a number`);
}

/** The objects a list, watch or deletecollection names, in key order, at one revision. Without `paged` all of them. */
export function readPage(context: Context, paged = true): Page {
  const { target, kind, storage } = context;
  const { query } = target;
  const matches = readSelectors(kind, query);
  const limit = paged ? readLimit(query) : undefined;
  const from = readContinue(paged ? query.get('continue') : null, prefixOf(kind, namespaceOfList(context)));
  const revision = from?.revision ?? readRevision(context);
  try {
    const name = revision === undefined && query.get('labelSelector') === null ? selectedName(query) : undefined;
    if (name !== undefined && (target.namespace !== '' || !kind.namespaced)) return readOne(context, name);
    if (matches === undefined) return readPlain(context, limit, from, revision);
    return readMatching(context, matches, limit, from, revision);
  } catch (error) {
    // Of the future is a token of before the store was restored from a copy.
    if (!(error instanceof Compacted || (from !== undefined && error instanceof FutureRevision))) throw error;
    throw expired(error, from, storage.engine.revision());
  }
}

/** Reads on until a page is full of what matches. */
function readMatching(
  context: Context,
  matches: (object: KubernetesObject) => boolean,
  limit: number | undefined,
  from: Continue | undefined,
  asked: number | undefined,
): Page {
  const { kind, storage } = context;
  const page: Page = { entries: [], revision: asked ?? storage.engine.revision() };
  const options: RangeOptions = { limit: limit === undefined ? undefined : readAtOnce };
  if (asked !== undefined) options.revision = asked;
  if (from !== undefined) options.after = from.after;
  for (;;) {
    const range = storage.engine.range(prefixOf(kind, namespaceOfList(context)), options);
    for (const [index, entry] of range.entries.entries()) {
      if (!matches(objectFor(kind, entry))) continue;
      page.entries.push(entry);
      const more = range.more || index < range.entries.length - 1;
      if (page.entries.length === limit && more) return { ...page, continue: tokenOf(page.revision, entry.key) };
    }
    if (!range.more) return page;
    options.after = range.entries.at(-1)!.key;
  }
}

const namespaceOfList = ({ target, kind }: Context) =>
  !kind.namespaced || target.namespace === '' ? undefined : target.namespace;

function readOne({ kind, target, storage }: Context, name: string): Page {
  const entry = storage.engine.get(keyOf(kind, kind.namespaced ? target.namespace : '', name));
  return { entries: entry === undefined ? [] : [entry], revision: storage.engine.revision() };
}

function readPlain(context: Context, limit: number | undefined, from: Continue | undefined, asked?: number): Page {
  const { kind, storage } = context;
  const options: RangeOptions = {};
  if (asked !== undefined) options.revision = asked;
  if (limit !== undefined) options.limit = limit;
  if (from !== undefined) options.after = from.after;
  const range = storage.engine.range(prefixOf(kind, namespaceOfList(context)), options);
  const { entries, revision } = range;
  if (!range.more) return { entries, revision };
  const last = entries.at(-1)!.key;
  return { entries, revision, continue: tokenOf(revision, last), remaining: range.count - entries.length };
}

export function readLimit(query: URLSearchParams): number | undefined {
  const asked = query.size === 0 ? null : query.get('limit');
  if (asked === null) return undefined;
  if (!/^-?\d{1,18}$/.test(asked)) throw badRequest(`limit: Invalid value: "${asked}": must be a number`);
  const limit = Number(asked);
  return limit > 0 ? limit : undefined;
}

/** `Exact` reads the past; unset, "0" and NotOlderThan are all served from current memory. */
function readRevision(context: Context): number | undefined {
  const revision = notInFuture(context);
  const match = context.target.query.get('resourceVersionMatch') ?? '';
  if (match !== '' && revision === undefined && context.target.query.get('sendInitialEvents') !== 'true')
    throw refusedOption(
      'ListOptions',
      forbiddenValue('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    );
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan')
    throw refusedOption('ListOptions', notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
  if (match === 'Exact' && revision === 0)
    throw refusedOption(
      'ListOptions',
      forbiddenValue('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    );
  return match === 'Exact' ? revision : undefined;
}

export const tokenOf = (revision: number, after: string) =>
  Buffer.from(JSON.stringify({ v: versionOfTokens, rv: revision, after })).toString('base64url');

/** A token is the client's to send, so it cannot lead out of the resource that it is used with. */
export function readContinue(value: string | null, prefix: string): Continue | undefined {
  if (value === null || value === '') return undefined;
  try {
    const { v, rv, after } = JSON.parse(Buffer.from(value, 'base64url').toString());
    if (v !== versionOfTokens || !Number.isSafeInteger(rv) || typeof after !== 'string') throw new Error('wrong shape');
    if (!after.startsWith(prefix)) throw new Error('of another resource');
    // -1: go on at whatever is current (after a compaction).
    return rv < 0 ? ({ after } as Continue) : { revision: rv, after };
  } catch (error) {
    throw badRequest('continue key is not valid: use the value of the previous response unchanged', error);
  }
}

/** A client that was too slow may go on inconsistently: the answer carries a token for that. */
function expired(cause: Error, from: Continue | undefined, current: number): ApiError {
  if (from === undefined) {
    const message = `The resourceVersion for the provided list is too old (${cause.message})`;
    return new ApiError('Expired', message, undefined, { cause });
  }
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
    'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
    `Continuing with the provided token results in an inconsistent list (now at ${current})`;
  const error = new ApiError('Expired', message, undefined, { cause });
  return Object.assign(error, { continueToken: tokenOf(-1, from.after) });
}
