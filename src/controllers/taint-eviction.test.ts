import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Taint } from '../api/schema/types.d.ts';
import { evictionMs, tolerates } from './taint-eviction.ts';

const noExecute = (key: string, timeAdded?: string): Taint => ({ key, effect: 'NoExecute', timeAdded });

test('a pod goes when the shortest of its tolerations ends', () => {
  const taints = [noExecute('a', '1970-01-01T00:00:10Z')];
  const at = (...tolerations: object[]) => evictionMs(taints, tolerations, 99_000);
  assert.equal(at(), 99_000);
  assert.equal(at({ key: 'a', operator: 'Exists' }), undefined);
  assert.equal(at({ key: 'a', operator: 'Exists', tolerationSeconds: 300 }), 310_000);
  assert.equal(
    at({ key: 'a', operator: 'Exists', tolerationSeconds: 300 }, { operator: 'Exists', tolerationSeconds: 5 }),
    15_000,
  );
});

test('what a toleration tolerates', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  assert.ok(tolerates({ key: 'k', value: 'v' }, taint));
  assert.ok(!tolerates({ key: 'k', value: 'other' }, taint));
  assert.ok(!tolerates({ key: 'k', operator: 'Exists', effect: 'NoExecute' }, taint));
  assert.ok(tolerates({ operator: 'Exists' }, taint));
  assert.ok(!tolerates({ key: '' }, taint));
});
