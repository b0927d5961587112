import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTrue, withCondition, withoutCondition } from './conditions.ts';

test('the time of transition moves with the status only', () => {
  const first = withCondition(undefined, { type: 'Ready', status: 'False', reason: 'Starting' }, 0);
  const reason = withCondition(first, { type: 'Ready', status: 'False', reason: 'Waiting' }, 60_000);
  assert.deepEqual(
    reason.map(({ reason, lastTransitionTime }) => [reason, lastTransitionTime]),
    [['Waiting', '1970-01-01T00:00:00Z']],
  );
  const ready = withCondition(reason, { type: 'Ready', status: 'True' }, 60_000);
  assert.equal(ready[0]!.lastTransitionTime, '1970-01-01T00:01:00Z');
  assert.ok(isTrue(ready, 'Ready'));
  assert.deepEqual(withoutCondition(ready, 'Ready'), []);
});

test('nothing new is the same list', () => {
  const list = withCondition(undefined, { type: 'Ready', status: 'True' }, 0);
  assert.equal(withCondition(list, { type: 'Ready', status: 'True' }, 60_000), list);
});
