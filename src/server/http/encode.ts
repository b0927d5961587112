import { apiVersionOf } from '../../api/kind.ts';
import type { ReplyBody } from '../context.ts';
import { bytesFor, objectFor } from '../storage/codec.ts';
import { type Shape, shapeObject, startList } from './shapes.ts';

/** A body that is ready to be written: in one piece, or in pieces that are made while they are written. */
export type Encoded = { contentType: string; bytes?: Buffer; pieces?: Iterable<Buffer>; sizeBytes: number };

const jsonType = 'application/json';
const yamlType = 'application/yaml';

/** Lists are written in pieces of about this size, so that they never exist as a whole beside the stored bytes. */
const pieceBytes = 256 * 1024;

/**
 * More is answered as JSON, which is YAML, too: to write it in YAML's own way takes a tenth of a second for each MiB, and
 * everybody else waits.
 */
const yamlBytesMax = 256 * 1024;
/** Objects of a table are decoded this much at a time, so that others get their turn. */
const turnBytesMax = 1024 * 1024;

/** Bodies that end; watches and taken connections are written elsewhere. */
export function encodeBody(
  body: Exclude<ReplyBody, { form: 'watch' | 'taken' }>,
  shape: Shape,
): Encoded | Promise<Encoded> {
  const { format } = shape;
  if (format.as === undefined && (body.form === 'entry' || body.form === 'list')) {
    const stored = body.form === 'list' ? pieces(body) : whole(jsonType, bytesFor(body.kind, body.entry));
    if (format.encoding === 'json') return stored;
    if (stored.sizeBytes > yamlBytesMax) return { ...stored, contentType: yamlType };
  }
  switch (body.form) {
    case 'entry':
      return text(shapeObject(body.kind, objectFor(body.kind, body.entry), shape), shape);
    case 'object':
      return text(shapeObject(body.kind, body.object, shape), shape);
    case 'list':
      return shapedList(body, shape);
    case 'value':
      return text(body.value, shape);
    case 'bytes':
      return whole(body.contentType, Buffer.from(body.bytes));
  }
}

function text(value: unknown, { format }: Shape): Encoded | Promise<Encoded> {
  const json = Buffer.from(`${JSON.stringify(value)}\n`);
  if (format.encoding !== 'yaml') return whole(jsonType, json);
  return json.length > yamlBytesMax ? whole(yamlType, json) : yaml(value);
}

async function shapedList({ kind, entries, metadata }: ReplyBody & { form: 'list' }, shape: Shape): Promise<Encoded> {
  const { list, add } = startList(kind, metadata, shape);
  let turnBytes = 0;
  for (const entry of entries) {
    add(objectFor(kind, entry));
    turnBytes += entry.value.length;
    if (turnBytes < turnBytesMax) continue;
    turnBytes = 0;
    await new Promise(setImmediate);
  }
  return text(list, shape);
}

async function yaml(value: unknown): Promise<Encoded> {
  const { stringify } = await import('yaml');
  return whole(yamlType, Buffer.from(stringify(value, { aliasDuplicateObjects: false })));
}

function whole(contentType: string, value: Uint8Array): Encoded {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return { contentType, bytes, sizeBytes: bytes.length };
}

/** The stored bytes of all entries between the list's own head and tail. */
function pieces({ kind, entries, metadata }: ReplyBody & { form: 'list' }): Encoded {
  const head = { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items: [] };
  const start = Buffer.from(JSON.stringify(head).slice(0, -2));
  const end = Buffer.from(']}\n');
  const comma = Buffer.from(',');
  const values = entries.map((entry) => bytesFor(kind, entry));
  let sizeBytes = start.length + end.length + Math.max(0, values.length - 1);
  for (const value of values) sizeBytes += value.length;
  function* make() {
    let waiting: Uint8Array[] = [start];
    let size = start.length;
    for (const [index, value] of values.entries()) {
      if (index > 0) waiting.push(comma);
      waiting.push(value);
      size += value.length;
      if (size < pieceBytes) continue;
      yield Buffer.concat(waiting);
      [waiting, size] = [[], 0];
    }
    waiting.push(end);
    yield Buffer.concat(waiting);
  }
  return { contentType: 'application/json', pieces: make(), sizeBytes };
}
