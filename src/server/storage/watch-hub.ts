import type { Kind } from '../../api/kind.ts';
import type { Engine, Entry, Event } from '../../store/store.ts';
import { prefixOf } from './codec.ts';
import { type Audience, batchOf, type SharedItems, type WatchBatch } from './watch-batch.ts';

/** A watch that a verb has agreed to: the one who writes the response subscribes, then shows `initial` first. */
export type WatchSource = {
  audience: Audience;
  initial: Entry[];
  /** The revision of `initial`; changes after it follow. */
  revision: number;
  /** Mark the end of `initial` by a bookmark (WatchList). */
  marksInitialEnd: boolean;
  bookmarks: boolean;
  timeoutMs: number;
  /** Set when history does not reach back: the stream is this one ERROR event. */
  expired: object | undefined;
  /** Throws Compacted. Changes after `revision`; returns what cancels. */
  subscribe(onBatch: (batch: WatchBatch) => void): () => void;
  /** Every change up to this revision has been handed out; undefined while some wait for their turn. */
  settled(): number | undefined;
};

export type WatchHub = {
  /** Throws Compacted. `onBatch` is called for changes after `fromRevision`; returns what cancels. */
  subscribe(audience: Audience, fromRevision: number, onBatch: (batch: WatchBatch) => void): () => void;
  /** Every change of the kind up to this revision has been handed out; undefined while some wait. */
  settled(kind: Kind): number | undefined;
  /** Open watches, by resource prefix. */
  counts(): Map<string, number>;
  close(): void;
};

type Member = { audience: Audience; position: number; onBatch: (batch: WatchBatch) => void };
type Channel = {
  members: Map<string, Set<Member>>;
  pending: Event[];
  /** Some changes are not handed out to everybody yet. */
  busy: boolean;
  seen: number;
  size: number;
  stop: () => void;
};

/** Handed out before anybody else gets a turn: an object of a megabyte that thousands watch is seconds of encryption. */
const turnBytesMax = 8 * 1024 * 1024;

/**
 * One subscription to the engine per resource, fanned out per turn: what happens while a turn's changes are written
 * to all watchers is delivered together in the next one.
 */
export function createWatchHub(engine: Engine): WatchHub {
  const channels = new Map<string, Channel>();

  function channelOf(prefix: string): Channel {
    const known = channels.get(prefix);
    if (known !== undefined) return known;
    const channel: Channel = {
      ...{ members: new Map(), pending: [], busy: false, seen: engine.revision(), size: 0, stop: () => {} },
    };
    channels.set(prefix, channel);
    channel.stop = engine.watch(prefix, channel.seen, (events) => {
      for (const event of events) channel.pending.push(event);
      if (!channel.busy) setImmediate(() => flush(channel));
      channel.busy = true;
    });
    return channel;
  }

  function subscribe(audience: Audience, fromRevision: number, onBatch: (batch: WatchBatch) => void): () => void {
    const prefix = prefixOf(audience.kind);
    const channel = channelOf(prefix);
    const member: Member = { audience, position: fromRevision, onBatch };
    channel.size++;
    let leave = () => {};
    let open = true;
    const close = () => {
      if (!open) return;
      open = false;
      leave();
      if (--channel.size > 0) return;
      channel.stop();
      channels.delete(prefix);
    };
    try {
      if (fromRevision >= channel.seen) leave = join(channel, member);
      else leave = catchUp(channel, member, prefix);
    } catch (error) {
      close();
      throw error;
    }
    return close;
  }

  /** Replays history for one watcher; when it has caught up it joins the others. */
  function catchUp(channel: Channel, member: Member, prefix: string): () => void {
    let leave: (() => void) | undefined;
    let stop: (() => void) | undefined;
    let done = false;
    const finish = () => {
      stop?.();
      if (!done && leave === undefined) leave = join(channel, member);
    };
    stop = engine.watch(prefix, member.position, (events) => {
      if (leave !== undefined || done) return;
      const revision = events.at(-1)!.entry.modRevision;
      const batch = batchOf(member.audience, events);
      member.position = revision;
      if (batch.items.length > 0) member.onBatch(batch);
      if (revision >= channel.seen) finish();
    });
    if (leave !== undefined) stop();
    return () => {
      done = true;
      stop?.();
      leave?.();
    };
  }

  return {
    subscribe,
    settled: (kind) => (channels.get(prefixOf(kind))?.busy ? undefined : engine.revision()),
    counts: () => new Map([...channels].map(([prefix, channel]) => [prefix, channel.size])),
    close() {
      for (const channel of channels.values()) channel.stop();
      channels.clear();
    },
  };
}

function join(channel: Channel, member: Member): () => void {
  const { id } = member.audience;
  const members = channel.members.get(id) ?? new Set();
  channel.members.set(id, members.add(member));
  return () => {
    members.delete(member);
    if (members.size === 0 && channel.members.get(id) === members) channel.members.delete(id);
  };
}

async function flush(channel: Channel): Promise<void> {
  while (channel.pending.length > 0) {
    const events = channel.pending;
    channel.pending = [];
    channel.seen = events.at(-1)!.entry.modRevision;
    let turnBytes = 0;
    for (const bytes of handOut(channel, events)) {
      turnBytes += bytes;
      if (turnBytes < turnBytesMax) continue;
      turnBytes = 0;
      await new Promise(setImmediate);
    }
  }
  channel.busy = false;
}

/** To one watcher after the other; yields how many bytes each was given. */
function* handOut(channel: Channel, events: Event[]): Generator<number> {
  const first = events[0]!.entry.modRevision;
  const last = events.at(-1)!.entry.modRevision;
  const items: SharedItems = new Map();
  for (const members of [...channel.members.values()]) {
    let shared: WatchBatch | undefined;
    for (const member of [...members]) {
      // It has left while others had their turn.
      if (!members.has(member)) continue;
      let batch: WatchBatch;
      if (member.position < first) batch = shared ??= batchOf(member.audience, events, items);
      else
        batch = batchOf(
          member.audience,
          events.filter((event) => event.entry.modRevision > member.position),
          items,
        );
      member.position = Math.max(member.position, last);
      if (batch.items.length === 0) continue;
      member.onBatch(batch);
      yield batch.items.reduce((bytes, { value }) => bytes + value.length, 0);
    }
  }
}
