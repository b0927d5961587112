import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../foundation/clock.ts';
import type { Services } from './context.ts';
import { createRecord } from './record.ts';
import type { ServerRequest } from './request.ts';

test('a warning is told once, at most forty are, and of each its first 4096 characters', () => {
  const services = {
    ...{ clock: systemClock, metrics: { observe() {}, render: () => '' } },
    defences: { audit: { record() {}, ready() {} } },
  } as unknown as Services;
  const record = createRecord(services, { method: 'PUT', url: '/' } as ServerRequest, 'id');
  record.warn('x'.repeat(5000));
  for (let number = 0; number < 50; number++) for (const _ of ['first', 'again']) record.warn(`${number}`);
  const { warnings } = record.end({ code: 200, body: { form: 'value', value: {} } }, () => {});
  assert.deepEqual(warnings, ['x'.repeat(4096), ...Array.from({ length: 39 }, (_, number) => `${number}`)]);
});
