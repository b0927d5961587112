import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeats } from './seats.ts';

test('nobody takes more than their part, and all together no more than there are', () => {
  const seats = createSeats(3, 2);
  const first = seats.take('a')!;
  assert.ok(seats.take('a'));
  assert.equal(seats.take('a'), undefined, 'a has its part');
  assert.ok(seats.take('b'));
  assert.equal(seats.take('b'), undefined, 'all are taken');
  first();
  assert.ok(seats.take('b'));
  assert.equal(seats.taken(), 3);
});

test('a seat is given back once', () => {
  const seats = createSeats(2, 2);
  const leave = seats.take('a')!;
  seats.take('a');
  leave();
  leave();
  assert.equal(seats.taken(), 1);
});

test('whom more is promised gets more, up to all', () => {
  const seats = createSeats(3, 1);
  for (let count = 0; count < 3; count++) assert.ok(seats.take('here', { most: 3 }));
  assert.equal(seats.take('here', { most: 10 }), undefined);
});

test('what is reserved is left for those for whom it is, who have the rest as well', () => {
  const seats = createSeats(4, 4, 2);
  for (const who of ['a', 'b']) assert.ok(seats.take(who));
  assert.equal(seats.take('c'), undefined);
  for (const who of ['node', 'node']) assert.ok(seats.take(who, { reserved: true }));
  assert.equal(seats.take('node', { reserved: true }), undefined);
});

test('more people than are remembered come and go, and each has a seat again', () => {
  const seats = createSeats(5000, 1);
  for (let round = 0; round < 2; round++) {
    const leave = Array.from({ length: 2500 }, (_, number) => seats.take(`user-${number}`)!);
    assert.equal(seats.take('user-0'), undefined);
    assert.equal(seats.taken(), 2500);
    for (const each of leave) each();
    assert.equal(seats.taken(), 0);
  }
});
