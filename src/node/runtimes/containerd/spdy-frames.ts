/**
 * Frames of SPDY/3.1: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/. Header blocks are sent as stored
 * deflate blocks, so there is no compression state, and those that come are not read.
 */
export type Frame = {
  /** One of `controlTypes`; undefined: data. */
  control: number | undefined;
  streamId: number;
  flags: number;
  body: Buffer;
};

export const controlTypes = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7 } as const;
export const finFlag = 1;
const headerBytes = 8;
const dataBytesMax = 32 * 1024;
/** spdystream's own data frames are far smaller; a frame of up to 16 MiB would be legal and is refused. */
export const frameBytesMax = 2 ** 20;

/** Takes bytes as they come and gives frames. After one that is too large nothing more is to be fed. */
export function createFrameReader(
  onFrame: (frame: Frame) => void,
  onTooLarge: (lengthBytes: number) => void,
): (chunk: Buffer) => void {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  return (chunk) => {
    pending.push(chunk);
    pendingBytes += chunk.length;
    // Joined only when a whole frame is there: a large frame in small chunks must not be copied again and again.
    while (pendingBytes >= headerBytes) {
      if (pending[0]!.length < headerBytes) pending = [Buffer.concat(pending)];
      const lengthBytes = pending[0]!.readUInt32BE(4) & 0xffffff;
      if (lengthBytes > frameBytesMax) return onTooLarge(lengthBytes);
      const wholeBytes = headerBytes + lengthBytes;
      if (pendingBytes < wholeBytes) return;
      const joined = pending.length === 1 ? pending[0]! : Buffer.concat(pending);
      pending = [joined.subarray(wholeBytes)];
      pendingBytes -= wholeBytes;
      onFrame(frameFrom(joined.subarray(0, wholeBytes)));
    }
  };
}

function frameFrom(bytes: Buffer): Frame {
  const first = bytes.readUInt32BE(0);
  const [flags, body] = [bytes[4]!, bytes.subarray(headerBytes)];
  if (first < 0x80000000) return { control: undefined, streamId: first, flags, body };
  // SYN_REPLY and RST_STREAM begin with the stream they are about.
  const streamId = body.length >= 4 ? body.readUInt32BE(0) & 0x7fffffff : 0;
  return { control: first & 0xffff, streamId, flags, body };
}

/** `type` is one of `controlTypes`. */
export function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(0x8003, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4);
  return Buffer.concat([header, body]);
}

export function dataHeader(id: number, flags: number, lengthBytes: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(id, 0);
  header.writeUInt32BE(((flags << 24) | lengthBytes) >>> 0, 4);
  return header;
}

/** As many frames as the bytes need; one when there are none. */
export function dataFrames(id: number, chunk: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += dataBytesMax) {
    const part = chunk.subarray(at, at + dataBytesMax);
    frames.push(dataHeader(id, 0, part.length), part);
  }
  return frames.length > 0 ? frames : [dataHeader(id, 0, 0)];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** SYN_STREAM: the header block is zlib's header (once per connection), a stored block, and an empty one as a flush. */
export function synStream(id: number, headers: Record<string, string>, isFirst: boolean): Buffer {
  const text = (value: string) => [uint32(Buffer.byteLength(value)), Buffer.from(value)];
  const entries = Object.entries(headers);
  const pairs = entries.flatMap(([name, value]) => [...text(name.toLowerCase()), ...text(value)]);
  const raw = Buffer.concat([uint32(entries.length), ...pairs]);
  const stored = Buffer.alloc(5);
  stored.writeUInt16LE(raw.length, 1);
  stored.writeUInt16LE(raw.length ^ 0xffff, 3);
  const zlibHeader = isFirst ? Buffer.from([0x78, 0x01]) : Buffer.alloc(0);
  const flush = Buffer.from([0, 0, 0, 0xff, 0xff]);
  return controlFrame(
    controlTypes.synStream,
    0,
    Buffer.concat([uint32(id), uint32(0), Buffer.alloc(2), zlibHeader, stored, raw, flush]),
  );
}
