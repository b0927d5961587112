import type { Kind } from '../../api/kind.ts';
import { resourceName } from '../../api/kind.ts';
import type { KubernetesObject, ManagedFields } from '../../api/object.ts';
import { copyJson, deepFreeze } from '../../foundation/json.ts';
import type { Entry } from '../../store/store.ts';

/** `/registry/pods/`, `/registry/deployments.apps/`: a second version of a kind lives where the first does. */
export function prefixOf(kind: Kind, namespace?: string): string {
  const resource = resourceName(kind.storedAs ?? kind);
  return namespace === undefined ? `/registry/${resource}/` : `/registry/${resource}/${namespace}/`;
}

export function keyOf(kind: Kind, namespace: string, name: string): string {
  return `${prefixOf(kind, namespace)}${name}`;
}

/** The namespace and name that a key of `keyOf` ends with. */
export function namesOf(key: string): { namespace: string; name: string } {
  const [, , , namespace, name] = key.split('/');
  return { namespace: namespace ?? '', name: name ?? '' };
}

const metadataStart = Buffer.from('"metadata":{');
const versionStart = Buffer.from('"resourceVersion":"');
const versionOf = (revision: number) => `"resourceVersion":"${revision}",`;
/** Blank room for the largest revision, where `stamp` writes it: JSON may have spaces there. */
const room = ' '.repeat(versionOf(Number.MAX_SAFE_INTEGER).length);

/** JSON with kind, apiVersion and metadata in front and without resourceVersion: what `stamp` expects. */
export function encode(object: KubernetesObject): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, managedFields, ...fields } = metadata;
  // A field that was deleted from an object makes V8 write it five times slower; a copy is fast again.
  for (const key of Object.keys(rest)) {
    const part = rest[key];
    if (typeof part === 'object' && part !== null && !Array.isArray(part)) rest[key] = { ...part };
  }
  const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":{${room}`;
  const parts = [head, JSON.stringify(fields).slice(1, -1)];
  if (managedFields !== undefined) addManaged(managedFields, parts);
  const others = JSON.stringify(rest).slice(1);
  parts.push(others === '}' ? '}' : '},', others);
  return bytesOf(parts);
}

/** The UTF-8 of all parts; no text of them all is made. */
function bytesOf(parts: string[]): Buffer {
  let size = 0;
  for (const part of parts) size += Buffer.byteLength(part);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) at += bytes.write(part, at);
  return bytes;
}

function addManaged(managedFields: ManagedFields[], parts: string[]): void {
  let start = ',"managedFields":[';
  for (const { fieldsV1, ...entry } of managedFields) {
    const text = JSON.stringify(entry);
    if (fieldsV1 === undefined) parts.push(start, text);
    else parts.push(start, text.slice(0, -1), ',"fieldsV1":', textOfFields(fieldsV1), '}');
    start = ',';
  }
  parts.push(start === ',' ? ']' : `${start}]`);
}

const fieldTexts = new WeakMap<object, string>();

/** Objects that look alike share their sets of fields (api/merge/fields.ts): what is frozen is written once. */
function textOfFields(fields: object): string {
  let text = fieldTexts.get(fields);
  if (text === undefined) {
    text = JSON.stringify(fields);
    if (Object.isFrozen(fields)) fieldTexts.set(fields, text);
  }
  return text;
}

/**
 * Writes the revision into an encoded object: an engine does this once, when it assigns the revision, and the value is
 * then changed in place. A value that has a revision is copied.
 */
export function stamp(value: Uint8Array, revision: number): Uint8Array {
  const bytes = asBuffer(value);
  const at = bytes.indexOf(metadataStart);
  if (at < 0) throw new Error('a stored object has no metadata');
  const from = at + metadataStart.length;
  if (bytes.compare(versionStart, 0, versionStart.length, from, from + versionStart.length) !== 0) {
    bytes.write(versionOf(revision), from, 'latin1');
    return value;
  }
  const rest = bytes.indexOf(',', from) + 1;
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(versionOf(revision)), bytes.subarray(rest)]);
}

/**
 * Decoded values live as long as someone in the process holds them: caches share one copy, idle objects cost none. Kept on
 * the value itself: a WeakMap of all values would be gone through by every collection.
 */
const decoded = Symbol('decoded');
type Value = Uint8Array & { [decoded]?: WeakRef<KubernetesObject> };

/** The object of a stored value: shared and frozen. */
export function decode(value: Value): KubernetesObject {
  const known = value[decoded]?.deref();
  if (known !== undefined) return deepFreeze(known);
  const object = deepFreeze(JSON.parse(asBuffer(value).toString()));
  value[decoded] = new WeakRef(object);
  return object;
}

/** The writer of a value gives its object away: who decodes the value soon need not parse it. */
export function remember(value: Value, object: KubernetesObject, revision: number): void {
  object.metadata.resourceVersion = String(revision);
  value[decoded] = new WeakRef(object);
  holdForTurn(object);
}

const heldMax = 1024;
let held: KubernetesObject[] = [];

/** Until the watchers of this turn were told: V8 drops what is only weakly held at every small collection. */
function holdForTurn(object: KubernetesObject): void {
  if (held.length === heldMax) return;
  if (held.length === 0)
    setImmediate(() => {
      held = [];
    });
  held.push(object);
}

/** A private copy of a stored value, to change and write back; only its managedFields are shared and frozen. */
export function decodeCopy(value: Uint8Array): KubernetesObject {
  const { kind, apiVersion, metadata, ...rest } = decode(value);
  const { managedFields, ...fields } = metadata;
  const copy: KubernetesObject = copyJson({ kind, apiVersion, metadata: fields, ...rest });
  if (managedFields !== undefined) copy.metadata.managedFields = managedFields;
  return copy;
}

export function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

const converted = new WeakMap<Uint8Array, Map<Kind, Uint8Array>>();

/** The bytes of an entry as `kind` shows it: the stored bytes themselves, unless another version is stored. */
export function bytesFor(kind: Kind, entry: Entry): Uint8Array {
  if (kind.storedAs === undefined) return entry.value;
  const known = converted.get(entry.value)?.get(kind);
  if (known !== undefined) return known;
  const object = kind.storedAs.fromStored(decodeCopy(entry.value));
  const bytes = stamp(encode(object), entry.modRevision);
  const byKind = converted.get(entry.value) ?? new Map<Kind, Uint8Array>();
  converted.set(entry.value, byKind.set(kind, bytes));
  return bytes;
}

/** The object of an entry as `kind` shows it: shared and frozen. */
export const objectFor = (kind: Kind, entry: Entry): KubernetesObject => decode(bytesFor(kind, entry));
