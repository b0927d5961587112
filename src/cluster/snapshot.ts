import { createSnapshot, newestMinor, readKinds, type Snapshot } from '../defence/defence.ts';
import type { Lookup } from '../server/server.ts';

/** No judgement about a change looks at what is in them, and they are many and large. */
const leftOut = new Set(['configmaps', 'secrets']);

/** The cluster as its own server has it in memory, for judgements within the process. Objects are shared: read only. */
export function snapshotOf(lookup: Lookup, nowMs: number): Snapshot {
  const kinds = readKinds.filter(({ custom, group }) => !custom || group === 'defence.rempart.io');
  const read = kinds.filter(({ resource }) => !leftOut.has(resource));
  return createSnapshot({
    ...{ source: 'cluster', closedByDefault: true, takenAtMs: nowMs, minor: newestMinor },
    objects: read.flatMap(({ resource, group }) => lookup.list(group === '' ? resource : `${resource}.${group}`)),
    unread: kinds
      .filter(({ resource }) => leftOut.has(resource))
      .map(({ name }) => ({ kind: name, why: 'not looked at within the API server' })),
  });
}
