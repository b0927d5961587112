import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { createInspection } from './inspection.ts';
import type { ImageService } from './runtimes/runtime.ts';

const pressure = { memory: false, disk: true, processes: false };

test('the runtime is described once a minute, and asked for its status each time, also when images cannot be listed', async () => {
  const clock = manualClock();
  const asked: string[] = [];
  let answers = true;
  const runtime = {
    async status() {
      asked.push('status');
      if (!answers) throw new Error('away');
      return { ready: true, networkReady: true, message: '' };
    },
    async version() {
      asked.push('version');
      return { name: 'test', version: '1' };
    },
    images: { list: async () => Promise.reject(new Error('too many')) } as unknown as ImageService,
  };
  const inspect = createInspection({ runtime, evictor: { look: async () => pressure }, clock });
  answers = false;
  const unknown = { name: 'containerd', version: 'unknown' };
  assert.deepEqual((await inspect()).runtime, { ready: false, networkReady: false, message: 'away', ...unknown });
  answers = true;
  const found = await inspect();
  assert.deepEqual(found.runtime, { ready: true, networkReady: true, message: '', name: 'test', version: '1' });
  assert.deepEqual(found.pressure, pressure);
  await inspect();
  clock.advance(60_001);
  await inspect();
  assert.deepEqual(asked, ['status', 'status', 'version', 'status', 'status', 'version']);
});
