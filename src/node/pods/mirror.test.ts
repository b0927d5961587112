import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import { followMirror } from './mirror.ts';
import { testPod } from './testing/view.ts';

const file = testPod({}, { uid: 'of-the-file' });
const mirror = testPod({}, { uid: 'of-the-api' });

/** What happens, in order. */
function follow(...[type, shown, pod]: [Parameters<typeof followMirror>[0], typeof mirror, typeof file | undefined]) {
  const done: string[] = [];
  const context = {
    statuses: {
      local: ({ metadata }: typeof file) => done.push(`local ${metadata.uid}`),
      seen: ({ metadata }: typeof file, uid: string) => done.push(`seen ${metadata.uid} for ${uid}`),
    },
    client: {
      async delete(_: string, { name }: { name: string }) {
        done.push(`delete ${name}`);
        throw new Error('gone already');
      },
    },
    log: silentLog,
  };
  followMirror(type, shown, pod, context as never);
  return done;
}

test('a mirror shows the pod of its file, and its status is written into it', () => {
  assert.deepEqual(follow('ADDED', mirror, file), ['seen of-the-api for of-the-file']);
  assert.deepEqual(follow('DELETED', mirror, file), ['local of-the-file']);
});

test('a mirror without a file is deleted, and one that somebody deletes goes at once', () => {
  assert.deepEqual(follow('MODIFIED', mirror, undefined), ['delete web']);
  const deleted = testPod({}, { deletionTimestamp: '2026-01-31T08:00:00Z' });
  assert.deepEqual(follow('MODIFIED', deleted, file), ['delete web']);
  assert.deepEqual(follow('DELETED', mirror, undefined), []);
});
