import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../api/status.ts';
import { portsOf } from './port-forward.ts';

const asked = (query: string) => portsOf(new URL(`https://node/portForward/default/web?${query}`));

test('ports are named one by one or with commas, sixteen at most', () => {
  assert.deepEqual(asked('port=80&port=81,65535'), [80, 81, 65_535]);
  assert.equal(asked(`port=${Array(16).fill('80').join()}`).length, 16);
  const wrong = ['', 'port=', 'port=0', 'port=65536', 'port=http', `port=${Array(17).fill('80').join()}`];
  for (const query of wrong)
    assert.throws(
      () => asked(query),
      (error) => error instanceof ApiError && error.code === 400,
    );
});
