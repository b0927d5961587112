import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { namespace, pod, startDefended } from '../../server/testing/defended.ts';
import { snapshotOf } from './snapshot.ts';

const server = await startDefended();
after(() => server.stop());

test('the server’s own memory is a snapshot, without what is in secrets, and says what it leaves out', async () => {
  await server.make(...[namespace('b'), pod('web')], {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'a' },
    stringData: { password: 'x' },
  });
  const snapshot = snapshotOf(server.lookup, 0);
  assert.equal(snapshot.get({ kind: 'Pod', namespace: 'a', name: 'web' })?.metadata.name, 'web');
  assert.deepEqual(
    snapshot.of('Namespace').map(({ metadata }) => metadata.name),
    ['a', 'b', 'kube-system'],
  );
  assert.match(snapshot.whyUnread('Secret')!, /not looked at/);
  assert.equal(snapshot.of('Secret').length, 0);
});
