import assert from 'node:assert/strict';
import { mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pod } from '../../api/schema/types.d.ts';
import { depthMax, setGroup } from './ownership.ts';
import { asRoot, folder, mode, oddName } from './testing/folder.ts';

const podOf = (fsGroup: number) => ({ spec: { securityContext: { fsGroup } } }) as Pod;

test('a directory that a running pod swaps for a link leads nowhere outside of the volume', asRoot, async (context) => {
  const root = folder(context);
  const [outside, volume] = [join(root, 'outside'), join(root, 'volume')];
  const names = Array.from({ length: 200 }, (_, index) => `file-${index}`);
  for (const path of [outside, join(volume, 'shared')]) {
    mkdirSync(path, { recursive: true });
    for (const name of names) writeFileSync(join(path, name), '', { mode: 0o600 });
  }
  const given = setGroup(volume, podOf(5000));
  const begun = () => names.some((name) => statSync(join(volume, 'shared', name)).gid === 5000);
  while (!begun()) await new Promise(setImmediate);
  renameSync(join(volume, 'shared'), join(volume, 'aside'));
  symlinkSync(outside, join(volume, 'shared'));
  await given;
  const changed = names.filter((name) => statSync(join(outside, name)).gid !== 0);
  assert.deepEqual(changed, []);
  assert.equal(mode(join(volume, 'aside', 'file-199')), '660');
});

test('a volume as deep as may be gets its group, a deeper one is told', asRoot, async (context) => {
  const volume = folder(context);
  const deepest = join(volume, ...Array.from({ length: depthMax }, () => 'd'));
  mkdirSync(deepest, { recursive: true });
  writeFileSync(join(deepest, 'file'), '');
  writeFileSync(oddName(volume), '');
  await setGroup(volume, podOf(5000));
  assert.equal(statSync(join(deepest, 'file')).gid, 5000);
  assert.equal(statSync(oddName(volume)).gid, 5000);
  mkdirSync(join(deepest, 'd'));
  await assert.rejects(setGroup(volume, podOf(5001)), /deeper than 256 directories/);
});
