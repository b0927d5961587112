import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import { followMirror, shownBy } from './mirror.ts';
import { isStatic } from './static-pod.ts';
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

test('what anybody can write on a pod makes it neither a mirror of another nor a pod of a file', () => {
  const uid = '0a1b2c3d-0000-4000-8000-000000000000';
  const annotations = { 'kubernetes.io/config.source': 'file' };
  const ofFile = testPod({}, { uid: '0a1b2c3d00004000', annotations });
  const ofApi = testPod({}, { uid, annotations });
  assert.deepEqual([ofFile, ofApi].map(isStatic), [true, false]);
  const running =
    (...pods: (typeof file)[]) =>
    (asked: string) =>
      pods.find(({ metadata }) => metadata.uid === asked);
  const showing = (of: typeof file, more: object = {}) =>
    testPod({}, { uid: 'own', annotations: { 'kubernetes.io/config.mirror': of.metadata.uid! }, ...more });
  assert.deepEqual(shownBy(showing(ofFile), running(ofFile)), { pod: ofFile });
  assert.deepEqual(shownBy(showing(ofFile), running()), { pod: undefined });
  assert.deepEqual(shownBy(showing(ofFile, { name: 'other' }), running(ofFile)), { pod: undefined });
  assert.deepEqual(shownBy(showing(ofApi), running(ofApi)), { pod: undefined });
  assert.equal(shownBy(ofFile, running(ofFile)), undefined);
  assert.equal(shownBy(showing(ofFile), running(ofFile, showing(ofFile))), undefined, 'it runs as a pod of its own');
});
