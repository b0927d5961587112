import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import type { Image, ImageService } from '../runtimes/runtime.ts';
import { createPuller, userBytesMax } from './pull.ts';

/** What becomes of an image that a registry gives, when the runtime tells so of it. */
async function pulled(status: () => Partial<Image>) {
  const removed: string[] = [];
  const images = {
    pull: async () => 'sha256:1',
    status: async () => status(),
    remove: async (id: string) => void removed.push(id),
  } as unknown as ImageService;
  const notes = { isFull: () => false, keep() {}, note() {}, mayUse: () => true };
  const { pull } = createPuller({ images, pulled: notes as never, log: silentLog });
  const outcome = await pull('registry.io/a', []).catch((error: Error) => error.message);
  return { outcome, removed };
}

test('an image whose user no system knows is refused and removed: with it all images could not be listed', async () => {
  const user = (bytes: number) => () => ({ user: 'u'.repeat(bytes) });
  assert.deepEqual(await pulled(user(userBytesMax)), { outcome: 'sha256:1', removed: [] });
  const refused = await pulled(user(userBytesMax + 1));
  assert.match(String(refused.outcome), /the image names a user of more than 1024 bytes, or cannot be read/);
  assert.deepEqual(refused.removed, ['sha256:1']);
  const unreadable = await pulled(() => {
    throw new Error('trying to send message larger than max');
  });
  assert.deepEqual(unreadable.removed, ['sha256:1']);
});
