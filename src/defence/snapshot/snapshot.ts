import type { Manifest } from '../contract.ts';
import { kindName, type ObjectRef, refKey, refOf } from '../object-ref.ts';

/** A kind that could not be read, and why: nothing may be concluded from the absence of its objects. */
export type Unread = { kind: string; why: string };

/**
 * What is known of a cluster at one moment, wherever it was read. `manifests` may be a part of what will run; a `cluster`
 * is all of it, but for what is `unread`. Never changed: `withChanges` makes another one.
 */
export type Snapshot = {
  source: 'manifests' | 'cluster';
  /** Is it a cluster of Rempart, closed by default, or one that is open by default? */
  closedByDefault: boolean;
  takenAtMs: number;
  /** Minor version of Kubernetes 1. */
  minor: number;
  objects: Manifest[];
  unread: Unread[];
  /** All objects of a kind (`Deployment.apps`), of one namespace when given ('' where a manifest names none). */
  of(kind: string, namespace?: string): Manifest[];
  get(ref: ObjectRef): Manifest | undefined;
  /** Why a kind could not be read; undefined: it was. */
  whyUnread(kind: string): string | undefined;
};

export type SnapshotParts = Pick<Snapshot, 'source' | 'closedByDefault' | 'takenAtMs' | 'minor' | 'objects' | 'unread'>;

/** A snapshot of these parts. Tables for looking up are made by the first who asks; the parts are not copied. */
export function createSnapshot(parts: SnapshotParts): Snapshot {
  const byKind = Map.groupBy(parts.objects, kindName);
  const unread = new Map(parts.unread.map(({ kind, why }) => [kind, why]));
  // Made when somebody asks: most questions about a change need neither.
  let byPlace: Map<string, Manifest[]> | undefined;
  let byRef: Map<string, Manifest> | undefined;
  return {
    ...parts,
    of(kind, namespace) {
      if (namespace === undefined) return byKind.get(kind) ?? [];
      byPlace ??= Map.groupBy(parts.objects, (object) => `${kindName(object)} ${object.metadata.namespace ?? ''}`);
      return byPlace.get(`${kind} ${namespace}`) ?? [];
    },
    get(ref) {
      byRef ??= new Map(parts.objects.map((object) => [refKey(refOf(object)), object]));
      return byRef.get(refKey(ref));
    },
    whyUnread: (kind) => unread.get(kind),
  };
}

/** A change to one object: what it will be, or that it will be gone. */
export type Change = { put: Manifest } | { remove: ObjectRef };

export const changedRef = (change: Change): ObjectRef => ('put' in change ? refOf(change.put) : change.remove);

/** The snapshot as it would be after the changes. */
export function withChanges(snapshot: Snapshot, changes: Change[]): Snapshot {
  const changed = new Map(changes.map((change) => [refKey(changedRef(change)), change]));
  const names = new Set(changes.map((change) => changedRef(change).name));
  const objects = snapshot.objects.filter(
    (object) => !names.has(object.metadata.name) || !changed.has(refKey(refOf(object))),
  );
  for (const change of changed.values()) if ('put' in change) objects.push(change.put);
  return createSnapshot({ ...snapshot, objects });
}
