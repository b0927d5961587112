import { createSnapshot, newestMinor, readKinds, type Snapshot } from '../../defence/defence.ts';
import type { Lookup } from '../../server/server.ts';

/** No judgement about a change looks at what is in them, and they are many and large. */
const leftOut = new Set(['configmaps', 'secrets']);

/**
 * The cluster as its own server has it in memory, for judgements within the process; all of it, or one API group where
 * that is enough. Objects are shared: read only.
 */
export function snapshotOf(lookup: Lookup, nowMs: number, onlyGroup?: string): Snapshot {
  const kinds = readKinds.filter(({ custom, group }) => !custom || group === 'defence.rempart.io');
  const isRead = ({ resource, group }: (typeof kinds)[number]) =>
    !leftOut.has(resource) && (onlyGroup === undefined || group === onlyGroup);
  return createSnapshot({
    ...{ source: 'cluster', closedByDefault: true, takenAtMs: nowMs, minor: newestMinor },
    objects: kinds
      .filter(isRead)
      .flatMap(({ resource, group }) => lookup.list(group === '' ? resource : `${resource}.${group}`)),
    unread: kinds
      .filter((kind) => !isRead(kind))
      .map(({ name }) => ({ kind: name, why: 'not looked at within the API server' })),
  });
}
