import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { createCaches } from '../client/cache.ts';
import { createClient } from '../client/client.ts';
import { inProcessTransport } from '../client/in-process.ts';
import { manualClock, systemClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { startServer, testAdmin } from '../server/testing/start.ts';
import { createRecorder } from './events.ts';

/** The real server, which refuses events as `refusal` says, and what the recorder warns of. */
async function start(t: TestContext) {
  const state: { refusal: ApiError | undefined; asked: number } = { refusal: undefined, asked: 0 };
  const refuse = {
    name: 'RefusesEvents',
    validate({ kind, namespace }: { kind: { resource: string }; namespace: string }) {
      if (kind.resource !== 'events' || namespace !== 'default') return;
      state.asked++;
      if (state.refusal) throw state.refusal;
    },
  };
  const server = await startServer({ admission: [refuse], log: silentLog });
  const client = createClient(inProcessTransport(server, testAdmin));
  const caches = createCaches(client, { clock: systemClock, log: silentLog });
  const clock = manualClock();
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (_message: string, fields?: { lost?: number }) => warnings.push(fields?.lost) };
  const record = createRecorder({ client, component: 'test', clock, log });
  t.after(async () => {
    caches.stop();
    await server.stop();
  });
  const about = (name: string, namespace = 'default') =>
    ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid: `${namespace}-${name}` } }) as KubernetesObject;
  const events = () => caches('events').list();
  return {
    ...{ client, clock, warnings, state, events },
    tell: (name: string, namespace?: string) => record(about(name, namespace), 'Normal', 'Told', 'it happened'),
    until: (condition: () => boolean) => caches('events').until(condition),
    async asked(times: number) {
      while (state.asked < times) await new Promise(setImmediate);
      await new Promise(setImmediate);
    },
  };
}

const tooMany = () => new ApiError('TooManyRequests', 'too many', { retryAfterSeconds: 2 });

test('what the server takes no more of comes later, with what was repeated meanwhile, and delays no other', async (t) => {
  const { tell, until, events, clock, state, asked, warnings } = await start(t);
  state.refusal = tooMany();
  tell('a');
  await asked(1);
  tell('a');
  tell('a');
  tell('b');
  tell('c', 'kube-system');
  await until(() => events().length === 1);
  assert.equal(state.asked, 1, 'nothing more was asked of a namespace that is held back');
  state.refusal = undefined;
  clock.advance(2000);
  await until(() => events().length === 3);
  const counts = events().map((event) => [event['involvedObject'].name, event['count']]);
  assert.deepEqual(
    new Map(counts as [string, number][]),
    new Map([
      ['a', 3],
      ['b', 1],
      ['c', 1],
    ]),
  );
  assert.deepEqual(warnings, []);
});

test('what is lost is counted: refused for good, or more than may wait', async (t) => {
  const { tell, clock, state, asked, warnings } = await start(t);
  state.refusal = new ApiError('Forbidden', 'no');
  tell('a');
  tell('b');
  await asked(2);
  clock.advance(10_000);
  assert.deepEqual(warnings, [2]);
  state.refusal = tooMany();
  tell('c');
  await asked(3);
  for (let index = 0; index < 5002; index++) tell(`more-${index}`);
  clock.advance(10_000);
  assert.deepEqual(warnings, [2, 3]);
});

test('an event that the server has forgotten is made again', async (t) => {
  const { tell, until, events, client } = await start(t);
  tell('a');
  await until(() => events().length === 1);
  const { namespace, name } = events()[0]!.metadata;
  await client.delete('events', { namespace: namespace!, name });
  await until(() => events().length === 0);
  tell('a');
  await until(() => events().length === 1);
  assert.equal(events()[0]!['count'], 2);
});
