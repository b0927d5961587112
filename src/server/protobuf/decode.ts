import { definition, definitionNameOf, hasDefinition } from '../../api/schema/definitions.ts';
import { parseJson } from '../../api/schema/parse.ts';
import type { Schema } from '../../api/schema/schema.ts';
import { badRequest } from '../../api/status.ts';
import { setOwn } from '../../foundation/json.ts';
import { type Message, messageOf } from './messages.ts';
import { bytesOf, type Cursor, cursor, fields, inside, numberOf, spend, textOf, type WireField } from './wire.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from('k8s\0');
const depthMax = 64;
const metaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

/**
 * The object in a protobuf body: `k8s\0` and a runtime.Unknown around the message of a built-in kind. Go clients send
 * built-in kinds so and do not fall back. Throws BadRequest and RequestEntityTooLarge.
 */
export function decodeProtobuf(bytes: Buffer): unknown {
  if (bytes.length < 4 || !bytes.subarray(0, 4).equals(magic))
    throw badRequest('the body is not in the protobuf encoding of Kubernetes: it does not start with k8s\\0');
  try {
    return decodeUnknown(bytes.subarray(4));
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(`the protobuf body is malformed: ${error.message}`, error);
    throw error;
  }
}

/** runtime.Unknown: 1 is the TypeMeta (1 apiVersion, 2 kind), 2 the message. */
function decodeUnknown(bytes: Buffer): unknown {
  let [apiVersion, kind] = ['', ''];
  let raw: Buffer = Buffer.alloc(0);
  for (const field of fields(cursor(bytes))) {
    if (field.number === 2) raw = bytesOf(field);
    if (field.number !== 1) continue;
    for (const inner of fields(inside(field)))
      if (inner.number === 1) apiVersion = textOf(inner);
      else if (inner.number === 2) kind = textOf(inner);
  }
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  // Options have no group of their own: they are sent under that of what they are for.
  const options = `${metaName}${kind}`;
  const name = definitionNameOf(group, version, kind) ?? (/Options$/.test(kind) ? options : '');
  if (!hasDefinition(name)) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  const object = decodeMessage(definition(name), cursor(raw), 0) as Record<string, unknown>;
  return { kind, apiVersion, ...object };
}

function decodeMessage(schema: Schema, bytes: Cursor, depth: number): unknown {
  const result: Record<string, unknown> = {};
  const message = messageOf(schema.definition ?? '');
  if (message === undefined) throw badRequest(`${schema.definition} cannot be sent as protobuf: send JSON`);
  decodeInto(result, schema, message, bytes, depth);
  return result;
}

function decodeInto(
  result: Record<string, unknown>,
  schema: Schema,
  message: Message,
  bytes: Cursor,
  depth: number,
): void {
  if (depth > depthMax) throw badRequest('the protobuf body is nested too deeply');
  for (const field of fields(bytes)) {
    const known = message.get(field.number);
    if (known === undefined) continue;
    const { name, inline } = known;
    if (inline !== undefined) {
      decodeInto(result, schema, messageOf(inline)!, inside(field), depth + 1);
      continue;
    }
    const property = schema.properties?.[name];
    if (property === undefined) continue;
    if (property.type === 'array') append(result, name, property.items ?? {}, field, depth);
    else if (property.type === 'object' && typeof property.additionalProperties === 'object')
      addEntry(result, name, property.additionalProperties, field, known.wrapped, depth);
    else {
      const value = decodeValue(property, field, depth);
      // A Go value that is no pointer has no way to be absent: its zero means it was not set.
      const isZero = value === '' || value === 0 || value === false;
      if (value !== undefined && !(isZero && !known.pointer && !schema.required?.includes(name))) result[name] = value;
    }
  }
}

function append(result: Record<string, unknown>, name: string, items: Schema, field: WireField, depth: number): void {
  const list = (result[name] ?? []) as unknown[];
  result[name] = list;
  const isNumber = items.type === 'integer' || items.type === 'number';
  if (isNumber && field.bytes !== undefined) for (const value of packed(field)) list.push(value);
  else list.push(decodeValue(items, field, depth));
}

function* packed(field: WireField): Generator<number> {
  const inner = inside(field);
  while (inner.at < inner.bytes.length) {
    spend(inner.left);
    yield Number(BigInt.asIntN(64, inner.varint()));
  }
}

/** An entry of a map is a message: 1 is its key, 2 its value. */
function addEntry(
  result: Record<string, unknown>,
  name: string,
  items: Schema,
  field: WireField,
  wrapped: boolean,
  depth: number,
): void {
  const map = (result[name] ?? {}) as Record<string, unknown>;
  result[name] = map;
  let key = '';
  let value: unknown = wrapped ? [] : items.type === 'string' ? '' : undefined;
  for (const part of fields(inside(field))) {
    if (part.number === 1) key = textOf(part);
    else if (part.number === 2 && wrapped) value = [...fields(inside(part))].map(textOf);
    else if (part.number === 2) value = decodeValue(items, part, depth);
  }
  setOwn(map, key, value);
}

function decodeValue(schema: Schema, field: WireField, depth: number): unknown {
  const special = specials[schema.definition ?? ''];
  if (special !== undefined) return special(field);
  if (schema['x-kubernetes-int-or-string']) return intOrString(field);
  switch (schema.type) {
    case 'integer':
      return Number(BigInt.asIntN(64, numberOf(field)));
    case 'boolean':
      return numberOf(field) !== 0n;
    case 'number':
      return bytesOf(field).readDoubleLE();
    case 'string':
      if (schema.format === 'date-time') return time(field);
      return schema.format === 'byte' ? bytesOf(field).toString('base64') : textOf(field);
    default:
      return schema.definition !== undefined && schema.properties !== undefined
        ? decodeMessage(schema, inside(field), depth + 1)
        : rawJson(field);
  }
}

const specials: Record<string, (field: WireField) => unknown> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': (field) => first(field, textOf) ?? '0',
  [`${metaName}Time`]: time,
  [`${metaName}MicroTime`]: microTime,
};

function first<T>(field: WireField, read: (field: WireField) => T): T | undefined {
  for (const inner of fields(inside(field))) if (inner.number === 1) return read(inner);
  return undefined;
}

/** intstr.IntOrString: 1 says which, 2 is the number, 3 the text. */
function intOrString(field: WireField): number | string {
  let [isText, number, text] = [false, 0, ''];
  for (const inner of fields(inside(field))) {
    if (inner.number === 1) isText = numberOf(inner) === 1n;
    else if (inner.number === 2) number = Number(BigInt.asIntN(32, numberOf(inner)));
    else if (inner.number === 3) text = textOf(inner);
  }
  return isText ? text : number;
}

/** 1 are seconds since the epoch, 2 nanoseconds; the zero time is an empty message. */
function timestamp(field: WireField): { seconds: number; nanos: number } | undefined {
  let [seconds, nanos] = [0, 0];
  for (const inner of fields(inside(field))) {
    if (inner.number === 1) seconds = Number(BigInt.asIntN(64, numberOf(inner)));
    else if (inner.number === 2) nanos = Number(numberOf(inner));
  }
  const isReal = seconds !== 0 && Math.abs(seconds) < 253_402_300_800;
  return isReal ? { seconds, nanos } : undefined;
}

function time(field: WireField): string | undefined {
  const found = timestamp(field);
  return found && `${new Date(found.seconds * 1000).toISOString().slice(0, 19)}Z`;
}

function microTime(field: WireField): string | undefined {
  const found = timestamp(field);
  if (found === undefined) return undefined;
  const micros = String(Math.floor(found.nanos / 1000)).padStart(6, '0');
  return `${new Date(found.seconds * 1000).toISOString().slice(0, 19)}.${micros}Z`;
}

/** runtime.RawExtension, FieldsV1 and JSON: 1 is JSON text. */
function rawJson(field: WireField): unknown {
  const text = first(field, textOf);
  if (text === undefined || text === '') return undefined;
  return parseJson(text, false).value;
}
