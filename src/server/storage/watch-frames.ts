import type { Kind } from '../../api/kind.ts';
import { asBuffer, decode } from './codec.ts';
import type { WatchBatch, WatchItem } from './watch-batch.ts';

const frameStarts = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};
const frameEnd = Buffer.from('}\n');

/** The line of one event as plain JSON. */
function frameOf(item: WatchItem): Buffer {
  item.frame ??= Buffer.concat([frameStarts[item.type], asBuffer(item.value), frameEnd]);
  return item.frame;
}

/** The lines of a batch as plain JSON, joined once for all who share it. */
export function bytesOfBatch(batch: WatchBatch): Buffer {
  if (batch.items.length === 1) return frameOf(batch.items[0]!);
  batch.bytes ??= Buffer.concat(batch.items.map(frameOf));
  return batch.bytes;
}

/** The event of an item with its shared, frozen object. */
export const eventOf = (item: WatchItem) => ({ type: item.type, object: decode(item.value) });

/** A BOOKMARK: only a revision, and whether the initial events end here. */
export function bookmarkOf(kind: Kind, apiVersion: string, revision: number, initialEnd: boolean) {
  const annotations = initialEnd ? { 'k8s.io/initial-events-end': 'true' } : undefined;
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, annotations };
  return { type: 'BOOKMARK', object: { kind: kind.kind, apiVersion, metadata } };
}
