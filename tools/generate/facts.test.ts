import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const source = join(import.meta.dirname, 'node_modules/@kubernetes/client-node');
const missing = existsSync(source) ? false : 'the sources are not installed: npm run generate installs them';

test('the committed facts are what the pinned sources and the overlay say', { skip: missing }, async () => {
  const { deriveFacts } = await import('./facts.ts');
  const committed = readFileSync(join(import.meta.dirname, '../../src/api/schema/facts.json'), 'utf8');
  assert.ok(deriveFacts() === committed, 'npm run generate would change src/api/schema/facts.json');
});
