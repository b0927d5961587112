import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startNode } from '../testing/cluster.ts';

test('the directory of a deleted local volume goes, another node’s and a retained one stay', async (context) => {
  const node = await startNode(context);
  const localPathRoot = join(node.directory, 'volumes');
  await node.startAgent({ localPathRoot, persistentVolumes: node.persistentVolumes });
  const make = (name: string, policy: string, owner: string) => {
    mkdirSync(join(localPathRoot, name), { recursive: true });
    return node.client.create('persistentvolumes', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, finalizers: ['rempart.io/local-path'], annotations: { 'rempart.io/local-path-node': owner } },
      spec: {
        ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], persistentVolumeReclaimPolicy: policy },
        hostPath: { path: join(localPathRoot, name) },
      },
    });
  };
  await make('gone', 'Delete', 'node-1');
  await make('kept', 'Retain', 'node-1');
  await make('other', 'Delete', 'node-2');
  for (const name of ['other', 'kept', 'gone']) await node.client.delete('persistentvolumes', { name });
  const left = () => node.persistentVolumes.cache.list().map(({ metadata }) => metadata.name);
  await node.runtimeBecomes(() => left().join() === 'other');
  assert.equal(existsSync(join(localPathRoot, 'gone')), false);
  assert.equal(existsSync(join(localPathRoot, 'kept')), true);
  assert.equal(existsSync(join(localPathRoot, 'other')), true);
});
