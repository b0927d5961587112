import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { createExpiries } from './expiry.ts';

test('what is due comes earliest first, no more than asked for, and the rest stays', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100)), fc.nat(100), fc.nat(20), (times, nowMs, limit) => {
      const expiries = createExpiries();
      for (const atMs of times) expiries.push({ atMs, key: `/${atMs}`, modRevision: 1 });
      const sorted = times.toSorted((one, other) => one - other);
      const due = sorted.filter((atMs) => atMs <= nowMs).slice(0, limit);
      assert.deepEqual(
        expiries.due(nowMs, limit).map(({ atMs }) => atMs),
        due,
      );
      assert.deepEqual(
        expiries.due(1000, 1000).map(({ atMs }) => atMs),
        sorted.slice(due.length),
      );
    }),
  );
});
