import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import { createCaches } from '../client/cache.ts';
import { inProcessClient } from '../client/in-process.ts';
import { systemClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { startServer } from '../server/testing/start.ts';
import type { Controller } from './controller.ts';
import { runController } from './run.ts';

/** The real server, and what runs one controller on it. */
async function start(t: TestContext) {
  const server = await startServer({ log: silentLog });
  const client = inProcessClient(server, 'test-admin', ['system:masters']);
  const caches = createCaches(client, { clock: systemClock, log: silentLog });
  const ends: (() => void)[] = [];
  t.after(async () => {
    for (const end of ends) end();
    caches.stop();
    await server.stop();
  });
  const run = (controller: Controller) => {
    const running = runController(controller, { client, caches, clock: systemClock, log: silentLog });
    ends.push(running.stop);
    return running;
  };
  return { client, caches, run };
}

const configMap = (name: string, data: Record<string, string> = {}) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data },
});
const declared = { name: 'test', reconciles: 'configmaps', reads: ['secrets'], writes: { secrets: ['create'] } };

test('present and new objects are reconciled, and related ones by the keys they map to', async (t) => {
  const { client, run } = await start(t);
  await client.create('configmaps', configMap('present'));
  const seen: string[] = [];
  let wake = () => {};
  run({
    ...declared,
    enqueue: { secrets: ({ metadata }) => [{ namespace: 'default', name: `for-${metadata.name}` }] },
    async reconcile({ namespace, name }) {
      seen.push(`${namespace}/${name}`);
      wake();
      return undefined;
    },
  });
  const until = (key: string) =>
    new Promise<void>((resolve) => {
      wake = () => seen.includes(key) && resolve();
      wake();
    });
  await until('default/present');
  await client.create('configmaps', configMap('new'));
  await until('default/new');
  await client.create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } });
  await until('default/for-s');
});

test('an object is reconciled when it is of concern, and once more when it no longer is', async (t) => {
  const { client, run } = await start(t);
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  run({
    ...declared,
    concerns: (object) => object['data']?.concern === 'yes',
    async reconcile({ name }, { cache }) {
      seen.push(`${name} ${cache('configmaps').get('default', name)?.['data']?.concern}`);
      if (seen.length === 3) done.resolve();
      return undefined;
    },
  });
  await client.create('configmaps', configMap('one', { concern: 'no' }));
  await client.create('configmaps', configMap('two', { concern: 'yes' }));
  while (seen.length < 1) await new Promise(setImmediate);
  await client.update('configmaps', configMap('two', { concern: 'no' }));
  while (seen.length < 2) await new Promise(setImmediate);
  await client.update('configmaps', configMap('two', { concern: 'never' }));
  await client.create('configmaps', configMap('last', { concern: 'yes' }));
  await done.promise;
  assert.deepEqual(seen, ['two yes', 'two no', 'last yes']);
});

test('the next run sees what the last one wrote: nothing is created twice', async (t) => {
  const { client, caches, run } = await start(t);
  const done = Promise.withResolvers<void>();
  let created = 0;
  run({
    ...declared,
    async reconcile({ namespace, name }, context) {
      const owned = context.cache('secrets').list(namespace);
      if (owned.length >= 5) {
        done.resolve();
        return undefined;
      }
      created++;
      const metadata = { generateName: `${name}-`, namespace } as KubernetesObject['metadata'];
      await context.client.create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata });
      return { requeueAfterMs: 0 };
    },
  });
  await client.create('configmaps', configMap('owner'));
  await done.promise;
  assert.deepEqual([created, caches('secrets').list().length], [5, 5]);
});

test('what is not declared fails before it is sent', async (t) => {
  const { client, run } = await start(t);
  const errors = Promise.withResolvers<string[]>();
  run({
    ...declared,
    async reconcile(_key, context) {
      const place = { namespace: 'default', name: 'x' };
      const messages: string[] = [];
      const note = (error: Error) => messages.push(error.message);
      await context.client.get('pods', place).catch(note);
      await context.client.delete('secrets', place).catch(note);
      await context.client.update('secrets', { ...configMap('x') }, { subresource: 'status' }).catch(note);
      assert.throws(() => context.cache('pods'), /reads pods, which its reads do not declare/);
      errors.resolve(messages);
      return undefined;
    },
  });
  await client.create('configmaps', configMap('any'));
  assert.deepEqual(await errors.promise, [
    'controller test reads pods, which its reads do not declare',
    'controller test does delete on secrets, which its writes do not declare',
    'controller test does update on secrets/status, which its writes do not declare',
  ]);
});

test('an error is tried again, and events say what happened, counting what repeats', async (t) => {
  const { client, caches, run } = await start(t);
  let runs = 0;
  run({
    ...declared,
    async reconcile({ namespace, name }, context) {
      const object = context.cache('configmaps').get(namespace, name)!;
      context.event(object, 'Warning', 'Failing', 'it does not work');
      if (++runs < 3) throw new Error('not yet');
      return undefined;
    },
  });
  await client.create('configmaps', configMap('any'));
  const cache = caches('events');
  await cache.until(() => cache.list().some((event) => event['count'] === 3));
  const [event] = cache.list();
  assert.deepEqual([event!['reason'], event!['involvedObject'].name, cache.list().length], ['Failing', 'any', 1]);
});
