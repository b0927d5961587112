/** A row of the log. `value` undefined: the key was deleted. */
export type Row = {
  revision: number;
  createRevision: number;
  expiresAtMs: number;
  key: string;
  value: Uint8Array | undefined;
};

const headBytes = 32;
const deleted = 0xffffffff;

/**
 * Many rows in one buffer that can be handed to the worker without a copy. Each row: revision, createRevision,
 * expiresAtMs (float64), lengths of key and value (uint32; all ones: deleted), key, value.
 */
export function packRows(rows: Row[]): ArrayBuffer {
  const size = rows.reduce((sum, { key, value }) => sum + headBytes + key.length * 3 + (value?.length ?? 0), 0);
  const buffer = Buffer.from(new ArrayBuffer(size));
  let offset = 0;
  for (const { revision, createRevision, expiresAtMs, key, value } of rows) {
    buffer.writeDoubleLE(revision, offset);
    buffer.writeDoubleLE(createRevision, offset + 8);
    buffer.writeDoubleLE(expiresAtMs, offset + 16);
    const keyBytes = buffer.write(key, offset + headBytes);
    buffer.writeUInt32LE(keyBytes, offset + 24);
    buffer.writeUInt32LE(value?.length ?? deleted, offset + 28);
    if (value !== undefined) buffer.set(value, offset + headBytes + keyBytes);
    offset += headBytes + keyBytes + (value?.length ?? 0);
  }
  // Keys were given room for three bytes per character: the rest is zeros, which no row begins with.
  return buffer.buffer as ArrayBuffer;
}

/** The rows of a packed buffer; keys and values are views into it. */
export function* unpackRows(packed: ArrayBuffer): Iterable<Row> {
  const buffer = Buffer.from(packed);
  let offset = 0;
  while (offset + headBytes <= buffer.length) {
    const revision = buffer.readDoubleLE(offset);
    if (revision === 0) return;
    const createRevision = buffer.readDoubleLE(offset + 8);
    const expiresAtMs = buffer.readDoubleLE(offset + 16);
    const keyEnd = offset + headBytes + buffer.readUInt32LE(offset + 24);
    const length = buffer.readUInt32LE(offset + 28);
    const key = buffer.toString('utf8', offset + headBytes, keyEnd);
    const value = length === deleted ? undefined : buffer.subarray(keyEnd, keyEnd + length);
    yield { revision, createRevision, expiresAtMs, key, value };
    offset = keyEnd + (value?.length ?? 0);
  }
}
