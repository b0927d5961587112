import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toleratesTaint } from './tolerations.ts';

test('what a toleration tolerates', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  assert.ok(toleratesTaint({ key: 'k', value: 'v' }, taint));
  assert.ok(!toleratesTaint({ key: 'k', value: 'other' }, taint));
  assert.ok(!toleratesTaint({ key: 'k', operator: 'Exists', effect: 'NoExecute' }, taint));
  assert.ok(toleratesTaint({ operator: 'Exists' }, taint));
  assert.ok(!toleratesTaint({ key: '' }, taint));
  assert.ok(toleratesTaint({ key: 'k', operator: 'Gt', value: '3' }, { ...taint, value: '5' }));
  assert.ok(!toleratesTaint({ key: 'k', operator: 'Gt', value: '5' }, { ...taint, value: '5' }));
});
