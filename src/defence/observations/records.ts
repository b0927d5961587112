import { closeSync, createReadStream, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { isObject } from '../../foundation/json.ts';

const recordLimits = {
  /** Of the whole file, unpacked: packed ones may be tiny. */
  fileBytesMax: 2 ** 30,
  /** A longer line is passed over, and counted. */
  lineBytesMax: 2 ** 20,
  /** Of a file that is one document instead of lines. */
  documentBytesMax: 64 * 2 ** 20,
};

/** A record, or why a part of the file is none. */
export type Part = { record: Record<string, any> } | { refused: string };

/**
 * The JSON objects of a file, one per line, or the items of one document (an EventList). Packed with gzip or not.
 * Throws what reading throws, and RangeError for a file beyond its bound.
 */
export async function* readRecords(path: string, limits = recordLimits): AsyncGenerator<Part> {
  let first = true;
  for await (const line of readLines(path, limits)) {
    if (line === undefined) yield { refused: `a line is longer than ${limits.lineBytesMax} bytes` };
    else if (line.trim() !== '') {
      const value = parse(line);
      const document = first && value === undefined ? readDocument(path, limits) : undefined;
      if (document !== undefined) return yield* recordsOf(document);
      first = false;
      yield* recordsOf(value);
    }
  }
}

function* recordsOf(value: unknown): Generator<Part> {
  const list = Array.isArray(value) ? value : isObject(value) ? value['items'] : undefined;
  const records = Array.isArray(list) ? list.map((item) => withType(item, value)) : [value];
  // A list in a list is none of any format.
  for (const record of records) yield isObject(record) ? { record } : { refused: 'it is no JSON object' };
}

/** Lists of the API leave out what their items are. */
function withType(item: unknown, list: unknown): unknown {
  const { kind, apiVersion } = isObject(list) ? list : {};
  if (!isObject(item) || item['kind'] !== undefined || typeof kind !== 'string') return item;
  return { kind: kind.replace(/List$/, ''), apiVersion, ...item };
}

/** A document over many lines begins with one that is none. Only a file can be read twice. */
function readDocument(path: string, { documentBytesMax }: typeof recordLimits): unknown {
  const stat = path === '-' ? undefined : statSync(path);
  if (!stat?.isFile() || stat.size > documentBytesMax) return undefined;
  const bytes = readFileSync(path);
  return parse((isPacked(path) ? gunzipSync(bytes, { maxOutputLength: documentBytesMax }) : bytes).toString('utf8'));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function open(path: string): AsyncIterable<Buffer> {
  if (path === '-') return process.stdin;
  const packed = isPacked(path);
  const file = createReadStream(path);
  return packed ? pipeline(file, createGunzip(), () => {}) : file;
}

/** By what gzip begins with (RFC 1952). A pipe cannot be looked into before it is read. */
function isPacked(path: string): boolean {
  if (!statSync(path).isFile()) return false;
  const descriptor = openSync(path, 'r');
  try {
    const start = Buffer.alloc(2);
    readSync(descriptor, start, 0, 2, 0);
    return start[0] === 0x1f && start[1] === 0x8b;
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined for a line that is too long. */
async function* readLines(path: string, limits: typeof recordLimits): AsyncGenerator<string | undefined> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let total = 0;
  const take = (): string | undefined => {
    const line = waitingBytes > limits.lineBytesMax ? undefined : Buffer.concat(waiting).toString('utf8');
    [waiting, waitingBytes] = [[], 0];
    return line;
  };
  for await (const chunk of open(path)) {
    total += chunk.length;
    if (total > limits.fileBytesMax)
      throw new RangeError(`it holds over ${limits.fileBytesMax} bytes: give parts of it`);
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      waiting.push(chunk.subarray(from, end));
      waitingBytes += end - from;
      from = end + 1;
      yield take();
    }
    waitingBytes += chunk.length - from;
    if (waitingBytes <= limits.lineBytesMax) waiting.push(chunk.subarray(from));
    else waiting = [];
  }
  if (waitingBytes > 0) yield take();
}
