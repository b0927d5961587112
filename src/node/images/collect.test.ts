import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import type { Image, ImageService } from '../runtimes/runtime.ts';
import { startImageCollector } from './collect.ts';

const minutes = 60_000;

/** A disk of 100 bytes on which each image takes 10, and `other` bytes are somebody else's. */
function disk(names: string[], other: number) {
  let images = names.map(
    (id): Image => ({ id, tags: [], digests: [], sizeBytes: 10, user: '', pinned: id === 'pause' }),
  );
  const used = new Set<string>();
  const clock = manualClock(1_000_000);
  const service = {
    list: async () => images,
    async remove(id: string) {
      images = images.filter((image) => image.id !== id);
    },
    async usage() {
      const usedBytes = images.length * 10;
      return { usedBytes, capacityBytes: 100, availableBytes: 100 - usedBytes - other };
    },
  } as unknown as ImageService;
  const collector = startImageCollector({ images: service, clock, log: silentLog, inUse: async () => used });
  return { collector, clock, used, names: () => images.map(({ id }) => id) };
}

test('nothing goes before the disk is full', async () => {
  const { collector, clock, names } = disk(['a', 'b'], 60);
  await collector.collect();
  clock.advance(10 * minutes);
  assert.equal(await collector.collect(), 0);
  assert.deepEqual(names(), ['a', 'b']);
});

test('what was unused for longest goes first, no more than needed; pinned and used images stay', async () => {
  const { collector, clock, used, names } = disk(['pause', 'used', 'recent', 'old'], 50);
  used.add('used').add('recent');
  await collector.collect();
  used.delete('recent');
  clock.advance(3 * minutes);
  assert.equal(await collector.collect(), 10);
  assert.deepEqual(names(), ['pause', 'used', 'recent']);
});

test('an image that has just come stays, except under pressure', async () => {
  const { collector, names } = disk(['pause', 'new'], 75);
  assert.equal(await collector.collect(), 0);
  assert.equal(await collector.collectAll(), 10);
  assert.deepEqual(names(), ['pause']);
});
