import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import { collectLeftovers } from './leftovers.ts';
import { testSandbox } from './testing/view.ts';

/** The runtime holds `running`, the disk holds directories of `onDisk`. */
async function collect({ running, onDisk, known }: Record<'running' | 'onDisk' | 'known', string[]>) {
  const done: string[] = [];
  const annotations = { 'rempart.io/grace-seconds': '7' };
  const context = {
    observed: {
      uids: () => running,
      ofPod: (uid: string) => (running.includes(uid) ? [testSandbox([], { uid, annotations })] : []),
    },
    volumes: {
      present: async () => onDisk,
      async release(uid: string) {
        done.push(`release ${uid}`);
        if (uid === 'held') throw new Error('still mounted');
      },
    },
    cgroups: { removeOthers: async (uids: Set<string>) => void done.push(`keep ${[...uids].sort().join(' ')}`) },
    log: silentLog,
  };
  await collectLeftovers(context as never, {
    known: () => known,
    end(pod, graceSeconds) {
      known.push(pod.metadata.uid!);
      done.push(`end ${pod.metadata.uid} ${graceSeconds}`);
    },
  });
  return done;
}

test('what runs and nobody wants is ended within its own grace period, and keeps its volumes until then', async () => {
  const done = await collect({ running: ['wanted', 'orphan'], onDisk: ['wanted', 'orphan'], known: ['wanted'] });
  assert.deepEqual(done, ['end orphan 7', 'keep orphan wanted']);
});

test('volumes and cgroups of pods that are gone go; one that cannot be released keeps no other', async () => {
  const done = await collect({ running: [], onDisk: ['held', 'gone', 'wanted'], known: ['wanted'] });
  assert.deepEqual(done, ['release held', 'release gone', 'keep wanted']);
});
