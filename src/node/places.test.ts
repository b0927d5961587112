import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaces } from './places.ts';

test('places are given in order, back once each, and apart for each key', async () => {
  const places = createPlaces('commands', 1, 2);
  const leave = await places.enter('pod');
  const order: string[] = [];
  const second = places.enter('pod').then((leaveSecond) => {
    order.push('second');
    return leaveSecond;
  });
  const third = places.enter('pod').then(() => order.push('third'));
  await assert.rejects(places.enter('pod'), /^Error: 1 commands run and 2 wait in pod: try/);
  (await places.enter('other'))();
  leave();
  leave();
  const leaveSecond = await second;
  assert.deepEqual(order, ['second']);
  leaveSecond();
  await third;
  assert.deepEqual(order, ['second', 'third']);
});

test('work without a key takes a place while it lasts, however it ends', async () => {
  const places = createPlaces('pulls', 1, 1);
  const gate = Promise.withResolvers<void>();
  const first = places.run(() => gate.promise);
  const second = places.run(async () => 'done');
  await assert.rejects(
    places.run(async () => {}),
    /^Error: 1 pulls run and 1 wait: try/,
  );
  gate.reject(new Error('failed'));
  await assert.rejects(first, /failed/);
  assert.equal(await second, 'done');
});
