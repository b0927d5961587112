import type { Kind } from '../api/kind.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { UserInfo } from '../api/user.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Entry } from '../store/store.ts';
import type { Defences, Lookup } from './contracts.ts';
import type { Kinds } from './kinds.ts';
import type { Metrics } from './metrics.ts';
import type { ServerRequest, Target } from './request.ts';
import type { Storage } from './storage/storage.ts';
import type { WatchHub, WatchSource } from './storage/watch-hub.ts';
import type { VirtualKind } from './virtual.ts';

/** What every verb works with; made once per server. */
export type Services = {
  kinds: Kinds;
  storage: Storage;
  hub: WatchHub;
  lookup: Lookup;
  defences: Defences;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  version: string;
  extensions: Extensions;
  /** How much is going on right now, for /metrics. */
  load(): { requests: number; streams: number; connections: number };
};

/** What the server serves but does not know by itself; what is not handed in is answered with 404 or 503. */
export type Extensions = {
  /** Issues a token for a service account (TokenRequest): returns the object with its status. */
  issueToken?(request: TokenIssue): Promise<KubernetesObject>;
  /** `/.well-known/openid-configuration` and `/openid/v1/jwks`. */
  oidc?: { configuration(): object; jwks(): object };
  /** Kinds that functions answer instead of the store. */
  virtualKinds?: VirtualKind[];
  /** How the server presents itself to node agents, PEM; asked per connection, so that it can be renewed. */
  nodeClient?(): { key: string | Buffer; cert: string | Buffer; ca: string | Buffer };
};

export type TokenIssue = { serviceAccount: KubernetesObject; request: KubernetesObject; user: UserInfo };

/** One request on its way through the pipeline. */
export type Context = Services & {
  request: ServerRequest;
  target: Target;
  user: UserInfo;
  /** The kind that the target names; verbs are only called with one. */
  kind: Kind;
  dryRun: boolean;
  /** Adds a `Warning: 299` header to the response. */
  warn(message: string): void;
  /** Adds an annotation to the request's audit event. */
  annotate(key: string, value: string): void;
};

export type ListMeta = { resourceVersion: string; continue?: string; remainingItemCount?: number };

/** What a verb answers with; how it is written (bytes, Table, in process) is decided afterwards. */
export type Reply = { code: number; headers?: Record<string, string>; body: ReplyBody };
export type ReplyBody =
  | { form: 'entry'; kind: Kind; entry: Entry }
  | { form: 'object'; kind: Kind; object: KubernetesObject }
  | { form: 'list'; kind: Kind; entries: Entry[]; metadata: ListMeta }
  | { form: 'value'; value: unknown }
  | { form: 'bytes'; contentType: string; bytes: Uint8Array | string }
  | { form: 'watch'; kind: Kind; source: WatchSource }
  /** The verb has taken the connection over and answers by itself. */
  | { form: 'taken' };

export const entryReply = (kind: Kind, entry: Entry, code = 200): Reply => ({
  code,
  body: { form: 'entry', kind, entry },
});
export const objectReply = (kind: Kind, object: KubernetesObject, code = 200): Reply => ({
  code,
  body: { form: 'object', kind, object },
});
export const valueReply = (value: unknown, code = 200): Reply => ({ code, body: { form: 'value', value } });
