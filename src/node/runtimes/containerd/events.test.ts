import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../foundation/log.ts';
import { watchTasks } from './events.ts';

/** A connection whose calls succeed, or fail with `failure`. */
function start(t: TestContext, failure?: Error) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const changes: object[] = [];
  let announce: (event: object) => void = () => {};
  const connection = {
    call: async (name: string) => {
      if (failure && name !== 'Version') throw failure;
      return {};
    },
    subscribe(_: string[], onEvent: typeof announce) {
      announce = onEvent;
      return () => {};
    },
  };
  const cancel = watchTasks(connection as never, silentLog, (change) => changes.push(change));
  return { changes, cancel, announce: (event: object) => announce(event) };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('an exit of the moment before the subscription is found when CRI knows of it', async (t) => {
  const { changes } = start(t);
  await settled();
  assert.deepEqual(changes, [{}]);
  t.mock.timers.tick(2000);
  assert.deepEqual(changes, [{}, {}]);
});

test('an event that cannot be understood is a change of anything', async (t) => {
  const { changes, announce } = start(t, new Error('away'));
  await settled();
  announce({ topic: '/tasks/start', event: { value: new Uint8Array() } });
  await settled();
  assert.deepEqual(changes, [{}, {}]);
});

test('who has cancelled is told nothing any more', async (t) => {
  const { changes, cancel } = start(t);
  await settled();
  cancel();
  t.mock.timers.tick(2000);
  assert.deepEqual(changes, [{}]);
});
