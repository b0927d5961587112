import { ApiError, badRequest, invalid } from '../../api/status.ts';
import { Compacted } from '../../store/store.ts';
import type { Context, Reply } from '../context.ts';
import type { Audience } from '../storage/watch-batch.ts';
import type { WatchSource } from '../storage/watch-hub.ts';
import { notInFuture } from './get.ts';
import { readPage } from './list.ts';
import { readSelectors, selectedName } from './selectors.ts';

const timeoutSecondsMax = 24 * 3600;

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes and KEP-3157. */
export function watch(context: Context): Reply {
  const { kind, target, storage, hub } = context;
  const { query } = target;
  const audience = audienceOf(context);
  const bookmarks = query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1';
  const sendInitial = readSendInitial(context);
  const revision = notInFuture(context);
  const current = storage.engine.revision();
  const source: WatchSource = {
    ...{ audience, initial: [], revision: current, bookmarks, timeoutMs: readTimeoutMs(query), expired: undefined },
    marksInitialEnd: sendInitial === true && bookmarks,
    subscribe: (onBatch) => hub.subscribe(audience, source.revision, onBatch),
    settled: () => hub.settled(kind),
  };
  if (sendInitial ?? (revision === undefined || revision === 0)) source.initial = readPage(context, false).entries;
  else if (revision !== undefined && revision !== 0) source.revision = revision;
  if (source.revision < storage.engine.compacted())
    source.expired = expiredStatus(new Compacted(source.revision, storage.engine.compacted()));
  return { code: 200, body: { form: 'watch', kind, source } };
}

function audienceOf({ kind, target }: Context): Audience {
  const { query } = target;
  if (target.name !== '') {
    // Rights may have been given for what is selected: that cannot be left aside.
    if (query.get('fieldSelector') && selectedName(query) !== target.name)
      throw badRequest(`a watch of ${target.name} takes no field selector but metadata.name=${target.name}`);
    // A watch of one name, as /pods/NAME?watch=1, is a watch by that field.
    query.set('fieldSelector', `metadata.name=${target.name}`);
  }
  const namespace = !kind.namespaced || target.namespace === '' ? undefined : target.namespace;
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const id = JSON.stringify([kind.group, kind.version, kind.resource, namespace, labels, fields]);
  return { id, kind, namespace, matches: readSelectors(kind, query) };
}

function readSendInitial({ target: { query } }: Context): boolean | undefined {
  const asked = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  if (asked === null || asked === '') {
    if (match !== '')
      throw refused(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    return undefined;
  }
  if (match !== 'NotOlderThan')
    throw refused('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (asked !== 'true' && asked !== 'false') throw badRequest('sendInitialEvents must be true or false');
  return asked === 'true';
}

const refused = (field: string, message: string) =>
  invalid('ListOptions', 'meta.k8s.io', '', [
    { reason: 'FieldValueForbidden', field, message: `Forbidden: ${message}` },
  ]);

/** As upstream: half an hour to an hour when nothing is asked for, so that watchers do not come back all at once. */
function readTimeoutMs(query: URLSearchParams): number {
  const asked = query.get('timeoutSeconds');
  if (asked === null || asked === '' || asked === '0') return (1800 + Math.random() * 1800) * 1000;
  if (!/^\d{1,9}$/.test(asked)) throw badRequest(`timeoutSeconds: Invalid value: "${asked}": must be a number`);
  return Math.min(Number(asked), timeoutSecondsMax) * 1000;
}

/** What an ERROR event carries when history does not reach back far enough. */
export const expiredStatus = (cause: Error) =>
  new ApiError('Expired', `too old resource version: ${cause.message}`, undefined, { cause }).toStatus();
