import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInterfaces } from './interfaces.ts';

test('interfaces are read as the kernel writes them, without the loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
  eth0:    1234      10    1    2    0     0          0         0     5678      20    3    4    0     0       0          0
`;
  assert.deepEqual(parseInterfaces(text), [
    {
      name: 'eth0',
      received: { bytes: 1234, packets: 10, errors: 1, dropped: 2 },
      sent: { bytes: 5678, packets: 20, errors: 3, dropped: 4 },
    },
  ]);
  assert.deepEqual(parseInterfaces(''), []);
});
