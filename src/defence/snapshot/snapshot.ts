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
  /** Did an API server take this object? What a file has, and what a change puts, it has yet to judge. */
  wasAccepted(object: Manifest): boolean;
};

export type SnapshotParts = Pick<Snapshot, 'source' | 'closedByDefault' | 'takenAtMs' | 'minor' | 'objects' | 'unread'>;

const none: Manifest[] = [];

/** A snapshot of these parts. Tables for looking up are made by the first who asks; the parts are not copied. */
export function createSnapshot(parts: SnapshotParts): Snapshot {
  const byKind = Map.groupBy(parts.objects, kindName);
  const unread = new Map(parts.unread.map(({ kind, why }) => [kind, why]));
  const of = (kind: string) => byKind.get(kind) ?? none;
  const byNamespace = perKind((kind) => Map.groupBy(of(kind), ({ metadata }) => metadata.namespace ?? ''));
  const byRef = perKind((kind) => new Map(of(kind).map((object) => [refKey(refOf(object)), object])));
  return {
    ...parts,
    of: (kind, namespace) => (namespace === undefined ? of(kind) : (byNamespace(kind).get(namespace) ?? none)),
    get: (ref) => byRef(ref.kind).get(refKey(ref)),
    whyUnread: (kind) => unread.get(kind),
    wasAccepted: () => parts.source === 'cluster',
  };
}

/** Tables of kinds, each made when somebody asks: most questions about a change need few. */
function perKind<T>(make: (kind: string) => T): (kind: string) => T {
  const made = new Map<string, T>();
  return (kind) => {
    const found = made.get(kind) ?? make(kind);
    made.set(kind, found);
    return found;
  };
}

/** A change to one object: what it will be, or that it will be gone. */
export type Change = { put: Manifest } | { remove: ObjectRef };

export const changedRef = (change: Change): ObjectRef => ('put' in change ? refOf(change.put) : change.remove);

/** The snapshot as it would be after the changes. Kinds that they are not about keep their lists and what is known of them. */
export function withChanges(snapshot: Snapshot, changes: Change[]): Snapshot {
  const changed = new Map(changes.map((change) => [refKey(changedRef(change)), change]));
  const names = new Set(changes.map((change) => changedRef(change).name));
  const kinds = new Set(changes.map((change) => changedRef(change).kind));
  const stays = (object: Manifest) => !names.has(object.metadata.name) || !changed.has(refKey(refOf(object)));
  const puts = [...changed.values()].flatMap((change) => ('put' in change ? [change.put] : []));
  const ofKinds = [...kinds].flatMap((kind) => snapshot.of(kind)).filter(stays);
  const own = createSnapshot({ ...snapshot, objects: [...ofKinds, ...puts] });
  return {
    ...snapshot,
    objects: [...snapshot.objects.filter(stays), ...puts],
    of: (kind, namespace) => (kinds.has(kind) ? own : snapshot).of(kind, namespace),
    get: (ref) => (kinds.has(ref.kind) ? own : snapshot).get(ref),
    wasAccepted: (object) => snapshot.wasAccepted(object) && !puts.includes(object),
  };
}
