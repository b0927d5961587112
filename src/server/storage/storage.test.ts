import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../api/api.ts';
import { openEngine, StoreBusy, StoreFull } from '../../store/store.ts';
import { configMap } from '../testing/objects.ts';
import { stamp } from './codec.ts';
import { createStorage } from './storage.ts';

const kind = kinds.find(({ resource }) => resource === 'configmaps')!;

test('a store that is full or busy is told to the client with when to come back', async () => {
  const engine = await openEngine({ engine: 'memory', stamp });
  for (const [error, code, retryAfterSeconds] of [
    [new StoreFull('8 of 8 bytes'), 503, 10],
    [new StoreBusy('64 MiB wait'), 429, 1],
  ] as const) {
    const storage = createStorage({ ...engine, put: () => Promise.reject(error) });
    await assert.rejects(storage.create(kind, configMap('a')), (refused: any) => {
      assert.deepEqual([refused.code, refused.details.retryAfterSeconds], [code, retryAfterSeconds]);
      return refused.message.includes(error.message);
    });
  }
  await engine.close();
});
