import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { createStatusWriter } from './status-writer.ts';
import { testPod } from './testing/view.ts';

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function writer(update: (object: any) => Promise<any>, get: () => Promise<any> = async () => undefined) {
  const clock = manualClock();
  const statuses = createStatusWriter({
    client: { update: (_: string, object: any) => update(object), get } as unknown as Client,
    clock,
    log: silentLog,
  });
  return { clock, statuses };
}
const pod = testPod({}, { resourceVersion: '1' });
const stored = (object: any, resourceVersion: string) => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion },
});

test('only the newest status is written, one write at a time, and an equal one not at all', async () => {
  const written: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { statuses } = writer(async (object) => {
    written.push(object.status.phase);
    await gate.promise;
    return stored(object, String(written.length + 1));
  });
  statuses.seen(pod);
  for (const phase of ['Pending', 'Running', 'Succeeded']) statuses.set('uid-1', { phase });
  gate.resolve();
  await statuses.flushed('uid-1');
  assert.deepEqual(written, ['Pending', 'Succeeded']);
  statuses.set('uid-1', { phase: 'Succeeded', reason: undefined });
  await settled();
  assert.equal(written.length, 2);
});

test('a write that fails is repeated, and a conflict reads the pod again first', async () => {
  const versions: string[] = [];
  const { statuses, clock } = writer(
    async (object) => {
      versions.push(object.metadata.resourceVersion);
      if (versions.length === 1) throw new Error('no answer');
      if (versions.length === 2) throw new ApiError('Conflict', 'changed');
      return stored(object, '9');
    },
    async () => stored(pod, '8'),
  );
  statuses.seen(pod);
  statuses.set('uid-1', { phase: 'Running' });
  for (let turn = 0; turn < 4; turn++) {
    await settled();
    clock.advance(10_000);
  }
  await statuses.flushed('uid-1');
  assert.deepEqual(versions, ['1', '1', '8']);
  assert.equal(statuses.latest('uid-1')?.status?.phase, 'Running');
});

test('a pod that is gone is written no more, and a local pod only when it is mirrored', async () => {
  let writes = 0;
  const { statuses } = writer(async () => {
    writes++;
    throw new ApiError('NotFound', 'gone');
  });
  statuses.seen(pod);
  statuses.set('uid-1', { phase: 'Running' });
  await statuses.flushed('uid-1');
  assert.equal(writes, 1);
  const local = testPod({}, { uid: 'static' });
  statuses.local(local);
  statuses.set('static', { phase: 'Running' });
  await settled();
  assert.equal(writes, 1);
  assert.equal(statuses.latest('static')?.status?.phase, 'Running');
  statuses.seen(testPod({}, { uid: 'mirror' }), 'static');
  statuses.set('static', { phase: 'Failed' });
  await settled();
  assert.equal(writes, 2);
});
