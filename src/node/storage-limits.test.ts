import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { testPod } from './pods/testing/view.ts';
import { storageExcess } from './storage-limits.ts';
import { diskUsage } from './volumes/disk-usage.ts';

test('what a pod writes to the disk is held to its limits', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'rempart-usage-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const [logs, scratch] = [join(root, 'logs'), join(root, 'scratch')];
  for (const path of [logs, join(scratch, 'deep')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(scratch, 'deep/file'), Buffer.alloc(100_000, 1));
  writeFileSync(join(logs, '0.log'), Buffer.alloc(100_000, 1));
  symlinkSync('/', join(scratch, 'link'));
  const volumes = new Map([['scratch', { hostPath: scratch, readOnly: false }]]);
  const excess = (emptyDir: object, limits?: object) => {
    const resources = limits ? { limits } : {};
    const containers = [{ name: 'main', resources }];
    return storageExcess(testPod({ volumes: [{ name: 'scratch', emptyDir }], containers }), volumes, logs);
  };
  assert.equal(await excess({}), undefined);
  assert.equal(await excess({ sizeLimit: '1Mi' }), undefined);
  assert.match((await excess({ sizeLimit: '50k' }))!, /EmptyDir volume "scratch" exceeds the limit "50k"/);
  assert.equal(await excess({}, { 'ephemeral-storage': '1M' }), undefined);
  assert.match((await excess({}, { 'ephemeral-storage': '150k' }))!, /ephemeral local storage usage exceeds/);
  assert.ok((await diskUsage(scratch)) < 200_000);
});
