import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { drained } from './drained.ts';

test('it waits for room or for the end, and leaves no listener', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  stream.write('full');
  const listeners = stream.listenerCount('close');
  const waiting = drained(stream);
  stream.resume();
  await waiting;
  assert.equal(stream.listenerCount('close'), listeners);
  assert.equal(stream.listenerCount('drain'), 0);
  stream.pause();
  stream.write('full again');
  const ended = drained(stream);
  stream.destroy();
  await ended;
  await drained(stream);
});
