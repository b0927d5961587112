import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { plugins } from './plugins.ts';

test('every plugin of the folder is in the list, once, with a name of its own', async () => {
  const files = readdirSync(join(import.meta.dirname, 'plugins'));
  const found = await Promise.all(
    files.map(async (file) => {
      const values = Object.values(await import(`./plugins/${file}`)) as { prepare?: unknown }[];
      return values.filter((value) => typeof value === 'object' && 'prepare' in value);
    }),
  );
  assert.deepEqual(new Set(found.flat()), new Set(plugins));
  assert.equal(plugins.length, found.flat().length);
  assert.equal(new Set(plugins.map(({ name }) => name)).size, plugins.length);
});

test('who filters says what could change its mind, and who scores has a weight', () => {
  for (const { name, filter, wakes, score, weight } of plugins) {
    assert.equal(filter !== undefined, wakes.length > 0, name);
    assert.equal(score !== undefined, weight !== undefined, name);
  }
});
