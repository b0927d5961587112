import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSandboxOf } from './sandbox-of.ts';

test('where a container is is asked for once, and again when it was forgotten', async () => {
  let asked = 0;
  const call = async () => {
    asked++;
    return { containers: [{ id: 'main', podSandboxId: 'pod' }] };
  };
  const sandboxOf = createSandboxOf({ call: call as never });
  for (let time = 0; time < 2; time++) assert.equal(await sandboxOf.find('main'), 'pod');
  assert.equal(asked, 1);
  sandboxOf.forget('main');
  await sandboxOf.find('main');
  assert.equal(await sandboxOf.find('other'), undefined);
  sandboxOf.put('other', 'elsewhere');
  assert.equal(await sandboxOf.find('other'), 'elsewhere');
  assert.equal(asked, 3);
});
