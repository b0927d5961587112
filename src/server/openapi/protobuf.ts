/**
 * OpenAPI 2.0 as a protocol buffer, in the message types of gnostic (openapi.v2.Document): the only form in which
 * kubectl reads it, for which it has to when it is given a `kind: List`. Its definitions, which are what kubectl uses;
 * no paths.
 */
type Json = Record<string, any>;

export function encodeDocument({ swagger, info, definitions }: Json): Buffer {
  return Buffer.concat([
    text(1, swagger),
    message(2, [text(1, info.title), text(2, info.version)]),
    message(8, []),
    message(9, namedSchemas(definitions)),
  ]);
}

/** Field numbers are those of gnostic's Schema. */
function schema(value: Json): Buffer[] {
  const { $ref: reference, format, description, required = [], additionalProperties, type, items, properties } = value;
  const parts: Buffer[] = [];
  if (reference !== undefined) parts.push(text(1, reference));
  if (format !== undefined) parts.push(text(2, format));
  if (description !== undefined) parts.push(text(4, description));
  for (const name of required) parts.push(text(19, name));
  if (typeof additionalProperties === 'object') parts.push(message(21, [message(1, schema(additionalProperties))]));
  if (type !== undefined) parts.push(message(22, [text(1, type)]));
  if (items !== undefined) parts.push(message(23, [message(1, schema(items))]));
  if (properties !== undefined) parts.push(message(25, namedSchemas(properties)));
  for (const [name, mark] of Object.entries(value))
    if (name.startsWith('x-')) parts.push(message(31, [text(1, name), message(2, [text(2, JSON.stringify(mark))])]));
  return parts;
}

const namedSchemas = (schemas: Json): Buffer[] =>
  Object.entries(schemas).map(([name, value]) => message(1, [text(1, name), message(2, schema(value as Json))]));

const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
const message = (number: number, parts: Buffer[]): Buffer => field(number, Buffer.concat(parts));

/** A field of wire type 2: its number, its length, its bytes. */
const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) return Buffer.from(bytes);
  }
}
