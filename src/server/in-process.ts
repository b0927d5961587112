import { apiVersionOf } from '../api/kind.ts';
import { ApiError } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import { deepFreeze } from '../foundation/json.ts';
import { Compacted } from '../store/store.ts';
import type { ReplyBody, Services } from './context.ts';
import type { Limits } from './limits.ts';
import { handle } from './pipeline.ts';
import type { ServerRequest } from './request.ts';
import { sendBookmarks } from './storage/bookmarks.ts';
import { asBuffer, objectFor } from './storage/codec.ts';
import { bookmarkOf, eventOf } from './storage/watch-frames.ts';
import type { WatchSource } from './storage/watch-hub.ts';
import { expiredStatus } from './verbs/watch.ts';

/** A request from within the process; the shapes of client/transport.ts. */
export type CallRequest = {
  method: string;
  /** Path and query. */
  path: string;
  contentType?: string;
  body?: unknown;
};
export type CallResponse = { code: number; body: any; warnings: string[] };

export type InProcess = {
  /** The same pipeline as over TLS, as this user; objects in the answer are shared and frozen. */
  call(user: UserInfo, request: CallRequest): Promise<CallResponse>;
  /** A watch: resolves when it times out or is aborted, rejects with the ApiError when it is refused. */
  stream(user: UserInfo, request: CallRequest, onEvent: (event: any) => void, signal: AbortSignal): Promise<void>;
};
/** `endStreams`: as if each had timed out. */
export type InProcessEnd = InProcess & { endStreams(): void };

export function createInProcess(services: Services, limits: Limits): InProcessEnd {
  const open = new Set<() => void>();
  const run = (user: UserInfo, request: CallRequest) =>
    handle(services, limits, toServerRequest(user, request), () => user);
  return {
    async call(user, request) {
      const { reply, warnings, finish } = await run(user, request);
      finish();
      return { code: reply.code, body: decodedBody(reply.body), warnings };
    },
    async stream(user, request, onEvent, signal) {
      const { reply, finish } = await run(user, request);
      try {
        if (reply.body.form !== 'watch') throw notAStream(decodedBody(reply.body));
        await follow(services, reply.body.source, onEvent, signal, open);
      } finally {
        finish();
      }
    },
    endStreams() {
      for (const end of [...open]) end();
    },
  };
}

function toServerRequest(user: UserInfo, request: CallRequest): ServerRequest {
  const { method, path, contentType = 'application/json', body } = request;
  return {
    ...{ method, url: path, accept: 'application/json', contentType, acceptEncoding: '', ifNoneMatch: '' },
    userAgent: user.username.split(':').at(-1) ?? '',
    remoteAddress: '127.0.0.1',
    readBody: async () => Buffer.alloc(0),
    ...(body === undefined ? {} : { decodedBody: body }),
  };
}

function decodedBody(body: ReplyBody): unknown {
  switch (body.form) {
    case 'entry':
      return objectFor(body.kind, body.entry);
    case 'object':
      return deepFreeze(body.object);
    case 'list': {
      const { kind, metadata, entries } = body;
      const items = entries.map((entry) => objectFor(kind, entry));
      return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items };
    }
    case 'value':
      return body.value;
    case 'bytes': {
      const text = typeof body.bytes === 'string' ? body.bytes : asBuffer(body.bytes).toString();
      return body.contentType.startsWith('application/json') ? JSON.parse(text) : text;
    }
    default:
      throw new ApiError('BadRequest', 'a stream cannot be called: use stream');
  }
}

function notAStream(body: unknown): ApiError {
  const { reason, message, details } = body as { reason?: string; message?: string; details?: object };
  if (reason === undefined) return new ApiError('BadRequest', 'the path is not a watch: add watch=true');
  return new ApiError(reason as 'BadRequest', message ?? '', details);
}

async function follow(
  services: Services,
  source: WatchSource,
  onEvent: (event: unknown) => void,
  signal: AbortSignal,
  open: Set<() => void>,
): Promise<void> {
  const { kind } = source.audience;
  if (source.expired !== undefined) return onEvent({ type: 'ERROR', object: source.expired });
  if (signal.aborted) return;
  const initial = source.initial;
  source.initial = [];
  for (const entry of initial) onEvent({ type: 'ADDED', object: objectFor(kind, entry) });
  if (source.marksInitialEnd) onEvent(bookmarkOf(kind, apiVersionOf(kind), source.revision, true));
  await new Promise<void>((resolve, reject) => {
    followChanges(services, source, onEvent, signal, open, (error) =>
      error === undefined ? resolve() : reject(error),
    );
  });
}

/** Everything after the initial events; `onEnd` is told what went wrong if something did. */
function followChanges(
  { clock }: Services,
  source: WatchSource,
  onEvent: (event: unknown) => void,
  signal: AbortSignal,
  open: Set<() => void>,
  onEnd: (error?: unknown) => void,
): void {
  const { kind } = source.audience;
  let stop = () => {};
  let ended = false;
  const end = (error?: unknown) => {
    ended = true;
    open.delete(onAbort);
    stop();
    cancel();
    cancelBookmarks();
    signal.removeEventListener('abort', onAbort);
    onEnd(error);
  };
  const onAbort = () => end();
  const tell = (events: object[]) => {
    try {
      for (const event of events) if (!ended) onEvent(event);
    } catch (error) {
      // One that cannot take an event must not keep it from the others.
      end(error);
    }
  };
  const cancel = clock.after(source.timeoutMs, onAbort);
  const cancelBookmarks = sendBookmarks(source, clock, (revision) =>
    tell([bookmarkOf(kind, apiVersionOf(kind), revision, false)]),
  );
  signal.addEventListener('abort', onAbort);
  open.add(onAbort);
  try {
    stop = source.subscribe(({ items }) => tell(items.map(eventOf)));
  } catch (error) {
    const isExpired = error instanceof Compacted;
    if (isExpired) tell([{ type: 'ERROR', object: expiredStatus(error) }]);
    if (!ended) end(isExpired ? undefined : error);
  }
  // By what was told already: the initial events, and those that were missed.
  if (ended) stop();
  else if (signal.aborted) end();
}
