import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaces } from './places.ts';

test('places are given in order, back once each, and apart for each key', async () => {
  const places = createPlaces(1, 2);
  const leave = await places.enter('pod');
  const order: string[] = [];
  const second = places.enter('pod').then((leaveSecond) => {
    order.push('second');
    return leaveSecond;
  });
  const third = places.enter('pod').then(() => order.push('third'));
  await assert.rejects(places.enter('pod'), /2 wait in pod/);
  (await places.enter('other'))();
  leave();
  leave();
  const leaveSecond = await second;
  assert.deepEqual(order, ['second']);
  leaveSecond();
  await third;
  assert.deepEqual(order, ['second', 'third']);
});
