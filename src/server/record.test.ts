import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../foundation/clock.ts';
import type { Services } from './context.ts';
import { createRecord } from './record.ts';
import type { ServerRequest } from './request.ts';
import { ask } from './testing/ask.ts';
import { configMap, configMaps } from './testing/objects.ts';
import { startServer } from './testing/start.ts';

/** The warnings that a client is told of all these. */
function told(messages: string[]): string[] {
  const services = {
    ...{ clock: systemClock, metrics: { observe() {}, render: () => '' } },
    defences: { audit: { record() {}, ready() {} } },
  } as unknown as Services;
  const record = createRecord(services, { method: 'PUT', url: '/', userAgent: '' } as ServerRequest, 'id');
  for (const message of messages) record.warn(message);
  return record.end({ code: 200, body: { form: 'value', value: {} } }, () => {}).warnings;
}

test('a warning is told once, and no more than forty are', () => {
  const many = Array.from({ length: 50 }, (_, number) => `${number}`);
  assert.deepEqual(told([...many, ...many]), many.slice(0, 40));
});

test('of what would be too long for the headers only the beginning is told', () => {
  assert.deepEqual(told(['x'.repeat(8190), 'yy', 'z'.repeat(65)]), ['x'.repeat(8190), 'yy', 'z'.repeat(64)]);
  assert.deepEqual(told(['"'.repeat(4097)]), ['"'.repeat(64)]);
});

test('a client that takes 16 KiB of headers reads the answer to a write with the longest warnings', async () => {
  const warned = Array.from({ length: 50 }, (_, number) => `${number} ${'"'.repeat(number === 0 ? 4000 : 5000)}`);
  const server = await startServer({
    admission: [{ name: 'Warner', validate: ({ warn }) => warned.forEach((message) => void warn(message)) }],
  });
  const body = JSON.stringify(configMap('warned'));
  const { code } = await ask(server, configMaps, {
    ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body },
  });
  assert.equal(code, 201);
  await server.stop();
});
