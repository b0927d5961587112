import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observationsMax } from '../../api/observations/collection.ts';
import type { Observed } from '../../api/observations/observation.ts';
import { createSeen } from './seen.ts';

const address = (name: string, lastMs: number): Observed['addresses'] => ({
  ...{ address: name, user: 'anna', firstMs: lastMs, lastMs, count: 1 },
});
const window = (fromMs: number, toMs: number, lost = 0) => ({ source: 'apiserver', fromMs, toMs, lost });

test('windows that follow each other are one, and what was pushed out is lost', () => {
  const seen = createSeen();
  seen.add('addresses', [address('a', 5)], window(0, 10));
  seen.add('addresses', [address('a', 15)], window(10, 20, 3));
  const { addresses, windows } = seen.observations();
  assert.deepEqual(addresses, [{ ...address('a', 15), firstMs: 5, count: 2 }]);
  assert.deepEqual(windows.addresses, [window(0, 20, 3)]);
  const many = Array.from({ length: observationsMax.addresses }, (_, index) => address(`n${index}`, 30));
  seen.add('addresses', many, window(20, 30));
  assert.equal(seen.observations().windows.addresses[0]!.lost, 4);
});

test('what an earlier process kept stands beside, and nothing is known of the time between', () => {
  const seen = createSeen();
  seen.restore([
    { type: 'window', of: 'addresses', window: window(0, 10) },
    { type: 'addresses', observed: address('a', 5) },
  ]);
  seen.add('addresses', [], window(10_000, 20_000));
  assert.deepEqual(seen.observations().windows.addresses, [window(0, 10), window(10_000, 20_000)]);
});

test('what was last seen too long ago is forgotten, and a window begins when it is still known', () => {
  const seen = createSeen();
  seen.add('addresses', [address('old', 5), address('new', 15)], window(0, 20));
  seen.forget(10);
  const { addresses, windows } = seen.observations();
  assert.deepEqual([addresses.length, windows.addresses], [1, [window(10, 20)]]);
  seen.forget(21);
  assert.deepEqual(seen.observations().windows.addresses, []);
});
