import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { apiVersionOf } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Compacted } from '../../store/store.ts';
import type { Handled } from '../pipeline.ts';
import type { ServerRequest } from '../request.ts';
import { sendBookmarks } from '../storage/bookmarks.ts';
import { bytesFor, decode } from '../storage/codec.ts';
import type { WatchBatch, WatchItem } from '../storage/watch-batch.ts';
import { bookmarkOf, bytesOfBatch } from '../storage/watch-frames.ts';
import type { WatchSource } from '../storage/watch-hub.ts';
import { expiredStatus } from '../verbs/watch.ts';
import { drained } from './drained.ts';
import { partialOf, type Shape, tableOf } from './shapes.ts';
import { createUnsent } from './unsent.ts';

/** A watcher that lets more than this pile up is cut off, and comes back from its last revision. */
const unsentBytesMax = 4 * 1024 * 1024;
/** Of all watchers of the process; beyond, whoever is behind most is cut off when there is more for it. */
const unsent = createUnsent(128 * 1024 * 1024);
/** The same for changes that wait while the initial events are still being written. */
const waitingBatchesMax = 10_000;

type Out = {
  request: ServerRequest;
  response: ServerResponse;
  headers: Record<string, string | string[]>;
  clock: Clock;
  /** When the watch is over and nothing of what is left is taken for so long, the connection is cut. */
  stalledMs: number;
  mayGoOn: Handled['mayGoOn'];
};

const askedAgainMs = 60_000;

/** Streams the events of a watch as lines of JSON until it times out or the client goes; see WatchSource. */
export async function writeWatch(source: WatchSource, shape: Shape, out: Out): Promise<void> {
  const { response, headers, clock, stalledMs } = out;
  // Gone while it was looked at: its close has been told already.
  if (response.closed) return;
  const encode = encoderFor(source, shape);
  response.writeHead(200, { ...headers, 'Content-Type': 'application/json' });
  response.flushHeaders();
  if (source.expired !== undefined) {
    response.end(line({ type: 'ERROR', object: source.expired }));
    return;
  }
  let waiting: WatchBatch[] | undefined = [];
  const send = (batch: WatchBatch) => sendBatch(batch, encode, response);
  let stop = () => {};
  try {
    stop = source.subscribe((batch) => {
      if (waiting === undefined) send(batch);
      else if (waiting.push(batch) > waitingBatchesMax) response.destroy();
    });
  } catch (error) {
    if (!(error instanceof Compacted)) throw error;
    response.end(line({ type: 'ERROR', object: expiredStatus(error) }));
    return;
  }
  const end = () => response.end().setTimeout(stalledMs);
  const cancelTimeout = clock.after(source.timeoutMs, end);
  const cancelAsking = endWhenRefused(out, end);
  const cancelBookmarks = sendBookmarks(source, clock, (revision) => {
    // One that is behind gets none.
    const behind = waiting !== undefined || response.writableLength > 0;
    if (!behind && !isOver(response)) response.write(encode.bookmark(revision, false));
  });
  const closed = once(response, 'close');
  response.on('drain', () => unsent.note(response, 0));
  try {
    await writeInitial(source, encode, response);
    const queue = waiting;
    waiting = undefined;
    for (const batch of queue) send(batch);
    await closed;
  } finally {
    unsent.forget(response);
    stop();
    cancelTimeout();
    cancelAsking();
    cancelBookmarks();
  }
}

/** Ends the watch of whom it would not be given any more. Returns what cancels. */
function endWhenRefused({ clock, response, mayGoOn }: Out, end: () => void): () => void {
  if (mayGoOn === undefined) return () => {};
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(askedAgainMs, async () => {
      const may = await mayGoOn();
      if (isOver(response)) return;
      if (may) next();
      else end();
    });
  };
  next();
  return () => cancel();
}

/** Writes a batch, or cuts off a client that lets too much pile up. */
function sendBatch(batch: WatchBatch, encode: Encoder, response: ServerResponse): void {
  if (isOver(response)) return;
  const behindBytes = response.writableLength;
  if (!unsent.note(response, behindBytes) || behindBytes > unsentBytesMax) {
    // At once, so that no more watchers are cut off than it takes.
    unsent.forget(response);
    response.destroy();
    return;
  }
  if (!response.write(encode.batch(batch))) unsent.note(response, response.writableLength);
}

/** Timed out or gone: nothing may be written any more. */
const isOver = (response: ServerResponse) => response.writableEnded || response.destroyed;

async function writeInitial(source: WatchSource, encode: Encoder, response: ServerResponse): Promise<void> {
  const { initial, revision, audience } = source;
  source.initial = [];
  for (let from = 0; from < initial.length && !isOver(response); from += 100) {
    const items = initial.slice(from, from + 100).map((entry): WatchItem => {
      return { type: 'ADDED', value: bytesFor(audience.kind, entry), revision: entry.modRevision };
    });
    if (!response.write(encode.batch({ items, revision }))) await drained(response);
  }
  if (source.marksInitialEnd && !isOver(response)) response.write(encode.bookmark(revision, true));
}

const line = (event: object) => Buffer.from(`${JSON.stringify(event)}\n`);

type Encoder = { batch(batch: WatchBatch): Buffer; bookmark(revision: number, initialEnd: boolean): Buffer };

/**
 * Plain JSON shares its bytes with every watcher of the audience; other shapes are made per watcher. Bookmarks have
 * the shape, too: who asked for metadata alone knows no other kind and would break off.
 */
function encoderFor({ audience }: WatchSource, shape: Shape): Encoder {
  const { as, version } = shape.format;
  const { kind } = audience;
  const bookmarked = (revision: number, initialEnd: boolean) =>
    bookmarkOf(kind, apiVersionOf(kind), revision, initialEnd);
  if (as === undefined)
    return { batch: bytesOfBatch, bookmark: (revision, initialEnd) => line(bookmarked(revision, initialEnd)) };
  let first = true;
  const shaped = (object: KubernetesObject) => {
    if (as !== 'Table') return partialOf(object, version);
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const table = tableOf(kind, [object], metadata, { ...shape, nowMs: Date.now() }, first);
    first = false;
    return table;
  };
  return {
    batch: ({ items }) =>
      Buffer.concat(items.map((item) => line({ type: item.type, object: shaped(decode(item.value)) }))),
    bookmark(revision, initialEnd) {
      const { type, object } = bookmarked(revision, initialEnd);
      return line({ type, object: shaped(object as unknown as KubernetesObject) });
    },
  };
}
