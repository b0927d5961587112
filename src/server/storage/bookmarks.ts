import type { Clock } from '../../foundation/clock.ts';
import type { WatchSource } from './watch-hub.ts';

const bookmarkEveryMs = 60_000;

/**
 * Tells a watcher that asked for it, every minute, how far it has come, so that one of a quiet resource can resume when
 * older history is forgotten. Not while changes wait to be handed out: a bookmark must not pass one. Returns what
 * cancels.
 */
export function sendBookmarks(
  { bookmarks, settled }: Pick<WatchSource, 'bookmarks' | 'settled'>,
  clock: Clock,
  send: (revision: number) => void,
): () => void {
  if (!bookmarks) return () => {};
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(bookmarkEveryMs, () => {
      next();
      const revision = settled();
      if (revision !== undefined) send(revision);
    });
  };
  next();
  return () => cancel();
}
