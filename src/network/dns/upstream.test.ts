import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { createUpstream, perClientSecondMax } from './upstream.ts';

test('a client asks the outside so many questions a second and no more; others are not held up', async () => {
  const clock = manualClock();
  // No server is asked: what is let through says so.
  const upstream = createUpstream(() => [], clock);
  const ask = (client: string, name: number) =>
    upstream
      .ask({ name: `${name}.example.org`, type: 1, class: 1 }, 1, { tcp: false, client })
      .catch((error) => error.message);
  for (let name = 0; name < perClientSecondMax; name++) assert.match(await ask('10.244.0.2', name), /no upstream/);
  assert.match(await ask('10.244.0.2', -1), /more than 200 DNS questions a second/);
  assert.match(await ask('10.244.0.3', 0), /no upstream/);
  clock.advance(1000);
  assert.match(await ask('10.244.0.2', -1), /no upstream/);
});
