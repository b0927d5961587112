import { kinds } from '../../api/api.ts';
import type { Kind } from '../../api/kind.ts';
import { decodeFields } from '../../api/schema/decode.ts';
import { surelyFits } from '../../api/schema/fits.ts';
import type { FieldError } from '../../api/status.ts';
import { copyJson } from '../../foundation/json.ts';
import type { Manifest } from '../contract.ts';
import { kindName, kindNameOf, refOf, refText } from '../object-ref.ts';
import { readSource, type Source, type SourceOptions } from '../source.ts';
import { networkPolicyKind } from './kinds.ts';
import { createSnapshot, type Snapshot, type Unread } from './snapshot.ts';
import { contradicting, standsTwice } from './twice.ts';

const known = new Map(kinds.map((kind) => [kindNameOf(kind), kind]));
const versions = new Map(kinds.map((kind) => [`${kind.group}/${kind.version} ${kind.kind}`, kind]));
const examplesMax = 3;

const kindOf = ({ apiVersion, kind }: Manifest): Kind | undefined =>
  versions.get(`${apiVersion.includes('/') ? '' : '/'}${apiVersion} ${kind}`);

/** Like `readSource`, with manifests that are formed as the API has them; the others are told as unread. */
export async function readSoundSource(options: SourceOptions): Promise<Source> {
  const source = await readSource(options);
  return { ...source, snapshot: soundSnapshot(source.snapshot) };
}

/**
 * The snapshot with its objects as an API server would decode them: without null and unknown fields, and in `default`
 * where they name no namespace: a change that names it is of the same object. An object with a value of a wrong type is
 * left out, and so is a NetworkPolicy that would be refused, and its kind counts as unread: nothing may be concluded from
 * its absence. Nor from objects of which two stand there. What comes from an API server was decoded there.
 */
export function soundSnapshot(snapshot: Snapshot): Snapshot {
  if (snapshot.source === 'cluster') return snapshot;
  const wrong: { kind: string; why: string }[] = [];
  const objects = snapshot.objects.flatMap((object) => {
    const read = decoded(object);
    const isPolicy = kindName(object) === networkPolicyKind;
    const why = typeof read === 'string' ? read : isPolicy ? refusalOf(read) : undefined;
    if (typeof read !== 'string' && why === undefined) return [read];
    wrong.push({ kind: kindName(object), why: `${refText(refOf(object))}: ${why}` });
    return [];
  });
  for (const object of contradicting(objects))
    wrong.push({ kind: kindName(object), why: `${refText(refOf(object))}: ${standsTwice}` });
  return createSnapshot({ ...snapshot, objects, unread: [...snapshot.unread, ...unreadOf(wrong)] });
}

/** Kinds of which an object could not be read, each with why. */
export function unreadOf(wrong: Unread[]): Unread[] {
  return [...Map.groupBy(wrong, ({ kind }) => kind)].map(([kind, all]) => {
    const more = all.length > examplesMax ? `; and ${all.length - examplesMax} more` : '';
    const shown = all.slice(0, examplesMax).map(({ why }) => why);
    return { kind, why: `${shown.join('; ')}${more}` };
  });
}

/**
 * What an API server would say to a manifest as it is written: `refused` is the first value of a wrong type, and fields
 * that are `unknown` are refused or dropped, so that `decoded` is left. Nothing of versions that are not served any more,
 * nor of custom resources.
 */
export function serverSays(object: Manifest): { refused?: string; unknown: string[]; decoded: Manifest } {
  const kind = kindOf(object);
  if (kind === undefined || surelyFits(kind.schema, object)) return { unknown: [], decoded: object };
  const decoded = copyJson(object);
  try {
    const { mismatch: refused, unknown } = decodeFields(kind.schema, decoded);
    return { refused, unknown, decoded };
  } catch (error) {
    return { refused: (error as Error).message, unknown: [], decoded };
  }
}

/**
 * Why an API server takes no such object, decoded as it is: it would not be there, whatever it says. What was read from
 * a cluster is asked as it is kept, everything else as it is created.
 */
export function refusalOf(decoded: Manifest): string | undefined {
  const kind = kindOf(decoded);
  if (kind === undefined) return undefined;
  const object = copyJson(decoded);
  try {
    const isNew = object.metadata.uid === undefined;
    const [wrong, ...others] = isNew ? errorsOfCreate(kind, object) : errorsOfKept(kind, object);
    const more = others.length > 0 ? ` (and ${others.length} more)` : '';
    return wrong && `${wrong.field}: ${wrong.message}${more}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function errorsOfCreate(kind: Kind, object: Manifest): FieldError[] {
  const { metadata } = object;
  // Who applies a manifest that names no namespace chooses one; of what has none kubectl drops it.
  if (kind.namespaced) metadata.namespace ||= 'default';
  else delete metadata.namespace;
  if (metadata.generateName) metadata.name ||= `${metadata.generateName.slice(0, 58)}abcde`;
  metadata.uid = '00000000-0000-0000-0000-000000000000';
  kind.defaults(object);
  kind.prepareCreate(object);
  kind.defaults(object);
  return kind.validate(object);
}

function errorsOfKept(kind: Kind, object: Manifest): FieldError[] {
  kind.defaults(object);
  return kind.validate(object, object);
}

/** The object as decoded and placed, or why it cannot be. */
function decoded(object: Manifest): Manifest | string {
  const { name, namespace } = object.metadata;
  if (typeof name !== 'string' || name === '') return 'it has no name';
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string') return 'its namespace is no text';
  const kind = known.get(kindName(object));
  if (kind === undefined) return object;
  const copy = structuredClone(object);
  try {
    const { mismatch } = decodeFields(kind.schema, copy);
    if (mismatch !== undefined) return mismatch;
  } catch (error) {
    return (error as Error).message;
  }
  if (kind.namespaced) copy.metadata.namespace ||= 'default';
  return copy;
}
