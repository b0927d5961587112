import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../../test/property.ts';
import {
  controlFrame,
  controlTypes,
  createFrameReader,
  dataFrames,
  dataHeader,
  type Frame,
  finFlag,
  frameBytesMax,
  synStream,
} from './spdy-frames.ts';

/** What a reader makes of chunks, and the length that it refused. */
function read(chunks: Buffer[]): { frames: Frame[]; refused: number | undefined } {
  const frames: Frame[] = [];
  let refused: number | undefined;
  const feed = createFrameReader(
    (frame) => frames.push(frame),
    (lengthBytes) => {
      refused = lengthBytes;
    },
  );
  for (const chunk of chunks) if (refused === undefined) feed(chunk);
  return { frames, refused };
}
const uint32 = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);

test('frames are the same however the bytes are cut', () => {
  const bytes = Buffer.concat([
    synStream(1, { streamType: 'error' }, true),
    ...dataFrames(1, Buffer.alloc(40_000, 'x')),
    controlFrame(controlTypes.ping, 0, uint32(7)),
    controlFrame(controlTypes.synReply, finFlag, uint32(3)),
    dataHeader(3, finFlag, 0),
  ]);
  const whole = read([bytes]).frames;
  assert.deepEqual(
    whole.map(({ control, streamId, flags, body }) => [control, streamId, flags, body.length > 4 || body.length]),
    [
      [controlTypes.synStream, 1, 0, true],
      [undefined, 1, 0, true],
      [undefined, 1, 0, true],
      [controlTypes.ping, 7, 0, 4],
      [controlTypes.synReply, 3, finFlag, 4],
      [undefined, 3, finFlag, 0],
    ],
  );
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      assert.deepEqual(read(chunks).frames, whole);
    }),
  );
});

test('a frame of one megabyte is taken, a larger one refused by its header alone', () => {
  const largest = read([dataHeader(1, 0, frameBytesMax), Buffer.alloc(frameBytesMax)]);
  assert.deepEqual([largest.frames.length, largest.refused], [1, undefined]);
  const larger = read([dataHeader(1, 0, frameBytesMax + 1)]);
  assert.deepEqual([larger.frames.length, larger.refused], [0, frameBytesMax + 1]);
});
