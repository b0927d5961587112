import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsLookup } from '../testing/objects-lookup.ts';
import { createAllocations } from './allocations.ts';

test('what was given to a service that was never stored is another’s after ten seconds, though no service changed', () => {
  let nowMs = 0;
  const allocations = createAllocations(objectsLookup(), () => nowMs);
  assert.equal(allocations.take('10.96.0.1', 'a/refused', false), true);
  nowMs = 10_000;
  assert.equal(allocations.take('10.96.0.1', 'a/other', false), false);
  nowMs = 10_001;
  assert.equal(allocations.holder('10.96.0.1'), undefined);
  assert.equal(allocations.take('10.96.0.1', 'a/other', false), true);
});
