import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Event } from '../../store/store.ts';
import { bytesFor, decode, prefixOf, stamp } from './codec.ts';

/** One change as a kind's watchers see it. Frame and object are made at most once, however many watch. */
export type WatchItem = { type: 'ADDED' | 'MODIFIED' | 'DELETED'; value: Uint8Array; revision: number; frame?: Buffer };

/** The changes of one turn for watchers with the same options. */
export type WatchBatch = { items: WatchItem[]; revision: number; bytes?: Buffer };

/** Which changes a watcher wants; watchers with an equal `id` share their batches. */
export type Audience = {
  id: string;
  kind: Kind;
  /** Undefined: the whole cluster. */
  namespace: string | undefined;
  /** Undefined: every object. */
  matches: ((object: KubernetesObject) => boolean) | undefined;
};

type ItemType = WatchItem['type'];
/** An event is made once for all who are told of it in the same way, whatever they select. */
export type SharedItems = Map<Kind, Map<Event, { [type in ItemType]?: WatchItem }>>;

/** What an audience is told of these changes. */
export function batchOf(audience: Audience, events: Event[], shared: SharedItems = new Map()): WatchBatch {
  const { kind, namespace, matches } = audience;
  const prefix = namespace === undefined ? undefined : prefixOf(kind, namespace);
  const known = shared.get(kind) ?? new Map<Event, { [type in ItemType]?: WatchItem }>();
  shared.set(kind, known);
  const items: WatchItem[] = [];
  for (const event of events) {
    if (prefix !== undefined && !event.entry.key.startsWith(prefix)) continue;
    const type = matches === undefined ? typeOf(event) : typeFor(kind, matches, event);
    if (type === undefined) continue;
    const made = known.get(event) ?? {};
    known.set(event, made);
    made[type] ??= itemOf(kind, event, type);
    items.push(made[type]);
  }
  return { items, revision: events.at(-1)?.entry.modRevision ?? 0 };
}

/** A deleted object is shown as it last was, with the revision of its deletion. */
function itemOf(kind: Kind, { entry, previous }: Event, type: ItemType): WatchItem {
  const revision = entry.modRevision;
  const value = type === 'DELETED' ? stamp(bytesFor(kind, previous ?? entry), revision) : bytesFor(kind, entry);
  return { type, value, revision };
}

function typeOf({ type, previous }: Event): ItemType {
  if (type === 'delete') return 'DELETED';
  return previous === undefined ? 'ADDED' : 'MODIFIED';
}

/** Entering a selector is ADDED, leaving it is DELETED. */
function typeFor(kind: Kind, matches: (object: KubernetesObject) => boolean, event: Event): ItemType | undefined {
  const { type, entry, previous } = event;
  const before = previous !== undefined && matches(decode(bytesFor(kind, previous)));
  if (type === 'delete')
    return before || (previous === undefined && matches(decode(bytesFor(kind, entry)))) ? 'DELETED' : undefined;
  if (matches(decode(bytesFor(kind, entry)))) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}
