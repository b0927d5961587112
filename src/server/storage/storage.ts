import { randomUUID } from 'node:crypto';
import type { Kind } from '../../api/kind.ts';
import { resourceName } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { ApiError, alreadyExists, conflict, notFound } from '../../api/status.ts';
import { equalJson } from '../../foundation/json.ts';
import { inOnePiece } from '../../foundation/one-piece.ts';
import type { Engine, Entry } from '../../store/store.ts';
import { StoreBusy, StoreFull } from '../../store/store.ts';
import { decode, decodeCopy, encode, keyOf, remember } from './codec.ts';

/**
 * What an update turns an object into: the new object to store, `'unchanged'`, or `'remove'`. `old` has the form of the
 * kind that is asked for and its resourceVersion; it is shared and frozen, and so may parts of the new object be, but not
 * its metadata.
 */
export type Transform = (old: KubernetesObject, entry: Entry) => Promise<Change> | Change;
export type Change = { object: KubernetesObject; action: 'store' | 'unchanged' | 'remove' };
/** `entry` is what is stored now; a dry run leaves it as it was. */
export type Outcome = { entry: Entry; object: KubernetesObject; action: Change['action']; dryRun: boolean };

/** Objects over keys and bytes: create, guaranteed update, conditional delete. */
export type Storage = {
  engine: Engine;
  get(kind: Kind, namespace: string, name: string): Entry | undefined;
  create(kind: Kind, object: KubernetesObject, dryRun?: boolean): Promise<Entry>;
  /** Runs `transform` again when somebody else wrote in between, unless the caller's own precondition then fails. */
  update(kind: Kind, namespace: string, name: string, transform: Transform, dryRun?: boolean): Promise<Outcome>;
};

/** Nobody is this unlucky: then the object is written by everybody at once, and the client may try again. */
const attemptsMax = 30;
/** As etcd's limit of a request: every write copies, compares and sends the whole object, and patches could add without end. */
export const objectBytesMax = 1.5 * 1024 * 1024;
/** What is that large can still be marked as deleted and be let go by its finalizers. */
const growthBytesMax = 1024;
/** Events are forgotten an hour after their last change, as upstream's --event-ttl. */
const eventSeconds = 3600;

export function createStorage(engine: Engine): Storage {
  const subjectOf = (kind: Kind, name: string) => ({ group: kind.group, resource: kind.resource, name });
  const ttlOf = (kind: Kind) =>
    resourceName(kind.storedAs ?? kind) === 'events' ? { ttlSeconds: eventSeconds } : undefined;
  const toStored = (kind: Kind, object: KubernetesObject) => kind.storedAs?.toStored(object) ?? object;

  const storage: Storage = {
    engine,
    get: (kind, namespace, name) => engine.get(keyOf(kind, namespace, name)),
    async create(kind, object, dryRun = false) {
      const { namespace = '', name } = object.metadata;
      const key = keyOf(kind, namespace, name);
      const value = bounded(encode(toStored(kind, object)));
      if (dryRun) {
        if (engine.get(key) !== undefined) throw alreadyExists(subjectOf(kind, name));
        return { key, value, createRevision: 0, modRevision: 0 };
      }
      const result = await guarded(() => engine.put({ key, value, expected: 0, ...ttlOf(kind) }));
      if (!result.ok) throw alreadyExists(subjectOf(kind, name));
      if (kind.storedAs === undefined) remember(result.entry.value, object, result.entry.modRevision);
      return result.entry;
    },
    async update(kind, namespace, name, transform, dryRun = false) {
      const key = keyOf(kind, namespace, name);
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const entry = engine.get(key);
        if (entry === undefined) throw notFound(subjectOf(kind, name));
        const change = await transform(current(kind, entry), entry);
        if (change.action === 'unchanged') return { entry, object: change.object, action: 'unchanged', dryRun };
        const object = toStored(kind, change.object);
        if (change.action === 'store' && sameButRevision(object, decode(entry.value)))
          return { entry, object: change.object, action: 'unchanged', dryRun };
        const value = change.action === 'remove' ? undefined : bounded(encode(object), entry.value.length);
        if (dryRun) return { entry, ...change, dryRun };
        const result = await guarded(() =>
          value === undefined
            ? engine.delete({ key, expected: entry.modRevision })
            : engine.put({ key, value, expected: entry.modRevision, ...ttlOf(kind) }),
        );
        if (!result.ok) continue;
        const { entry: written } = result;
        if (change.action === 'store' && kind.storedAs === undefined)
          remember(written.value, object, written.modRevision);
        return { entry: written, ...change, dryRun };
      }
      throw conflict(subjectOf(kind, name), 'it is being changed too often: try again');
    },
  };
  return storage;
}

function bounded(value: Uint8Array, lengthBefore = 0): Uint8Array {
  const { length } = value;
  if (length > objectBytesMax && length > lengthBefore + growthBytesMax)
    throw new ApiError('RequestEntityTooLarge', `the object has ${length} bytes: at most ${objectBytesMax} are stored`);
  return value;
}

/** Another version's object is made for each reader; the one that is stored is shared by all. */
const current = ({ storedAs: other }: Kind, { value }: Entry): KubernetesObject =>
  other === undefined ? decode(value) : other.fromStored(decodeCopy(value));

function sameButRevision(object: KubernetesObject, old: KubernetesObject): boolean {
  return equalBut('resourceVersion', object.metadata, old.metadata) && equalBut('metadata', object, old);
}

/** Without a copy that lacks the field: a binding is compared with a pod of which it shares all but a few fields. */
function equalBut(field: string, left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  for (const key in left)
    if (key !== field && !equalJson(left[key], Object.hasOwn(right, key) ? right[key] : undefined)) return false;
  for (const key in right) if (key !== field && right[key] !== undefined && !Object.hasOwn(left, key)) return false;
  return true;
}

/** A full disk is the operator's to mend: reads go on, writes say so. A slow one needs time. */
async function guarded<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof StoreBusy)
      throw new ApiError('TooManyRequests', error.message, { retryAfterSeconds: 1 }, { cause: error });
    if (!(error instanceof StoreFull)) throw error;
    const message = `the store is full and takes no more writes: ${error.message}; free disk space on the server`;
    throw new ApiError('ServiceUnavailable', message, { retryAfterSeconds: 10 }, { cause: error });
  }
}

export const newUid = (): string => inOnePiece(randomUUID());

const letters = 'bcdfghjklmnpqrstvwxz2456789';
/** `generateName` plus five characters that spell no words (apiserver names.SimpleNameGenerator). */
export function generatedName(prefix: string, random: () => number = Math.random): string {
  let suffix = '';
  for (let index = 0; index < 5; index++) suffix += letters[Math.floor(random() * letters.length)];
  return inOnePiece(`${prefix.slice(0, 58)}${suffix}`);
}
