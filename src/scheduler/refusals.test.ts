import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRefusals } from './refusals.ts';
import { buildInfo } from './testing/builders.ts';

const told = { message: 'no', detail: undefined, wakes: new Set(['node'] as const) };
const big = { requests: { cpu: '9' } };

test('pods that ask for the same are told the same, until something changes that matters to them', () => {
  const refusals = createRefusals();
  refusals.remember(buildInfo('a', big), told);
  assert.equal(refusals.find(buildInfo('b', big)), told);
  refusals.changed('volume');
  assert.equal(refusals.find(buildInfo('b', big)), told);
  refusals.changed('node');
  assert.equal(refusals.find(buildInfo('b', big)), undefined);
});

test('whatever a decision is made from makes a difference', () => {
  const refusals = createRefusals();
  refusals.remember(buildInfo('a', big), told);
  const others: Parameters<typeof buildInfo>[1][] = [
    { requests: { cpu: '8' } },
    { ...big, requests: { cpu: '9', 'example.com/gpu': '1' } },
    { ...big, namespace: 'shop' },
    { ...big, labels: { app: 'x' } },
    { ...big, priority: 1 },
    { ...big, hostPort: 80 },
    { ...big, nodeSelector: { zone: 'a' } },
    { ...big, tolerations: [{ operator: 'Exists' }] },
    { ...big, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
  ];
  for (const other of others) assert.equal(refusals.find(buildInfo('b', other)), undefined, JSON.stringify(other));
});
