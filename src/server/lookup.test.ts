import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEngine } from '../store/store.ts';
import { createLookup } from './lookup.ts';
import { stamp } from './storage/codec.ts';

test('lists are kept until something changes, and no more of them than a bound, whichever namespaces are asked for', async () => {
  const engine = await openEngine({ engine: 'memory', stamp });
  const lookup = createLookup(engine);
  const first = lookup.list('pods', 'a');
  for (let number = 0; number < 999; number++) lookup.list('pods', `b${number}`);
  assert.equal(lookup.list('pods', 'a'), first);
  lookup.list('pods', 'one more');
  assert.notEqual(lookup.list('pods', 'a'), first);
  const again = lookup.list('pods', 'a');
  const value = Buffer.from('{"kind":"Pod","apiVersion":"v1","metadata":{                                "name":"x"}}');
  await engine.put({ key: '/registry/pods/a/x', value, expected: 0 });
  assert.notEqual(lookup.list('pods', 'a'), again);
  assert.equal(lookup.list('pods', 'a').length, 1);
  await engine.close();
});
