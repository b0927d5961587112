import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configure, writeConfiguration } from './configuration.ts';
import { status } from './status.ts';

test('of a cluster that does not run, what is configured is told, in a form of a stated version', async (t) => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-status-'));
  t.after(() => rmSync(dataDirectory, { recursive: true }));
  // Nobody listens on port 1.
  writeConfiguration({ ...configure({ dataDirectory, relax: ['audit', 'namespace-isolation=deny'] }), apiPort: 1 });
  const { version, healthy, processes, nodes, protections } = await status(dataDirectory);
  assert.equal(version, 1);
  assert.equal(healthy, false);
  assert.deepEqual(
    processes.map(({ name, running }) => [name, running]),
    [
      ['server', false],
      ['agent', false],
    ],
  );
  assert.match(nodes[0]!.detail, /cannot be asked for/);
  assert.deepEqual(
    protections.filter(({ relaxed }) => relaxed).map(({ id, mode }) => [id, mode]),
    [['audit', 'off']],
  );
  assert.equal(protections.find(({ id }) => id === 'namespace-isolation')?.mode, 'deny', 'which is stricter');
});
