import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../status.ts';
import { checkEndpointAddress } from './endpoint-address.ts';

const cases: [RegExp | undefined, ...string[]][] = [
  [/loopback range/, '127.0.0.1', '127.1.2.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  [/link-local range/, '169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', 'FEBF::1'],
  [/link-local multicast range/, '224.0.0.251', 'ff02::fb', 'ff12::1'],
  [/unspecified/, '0.0.0.0', '::', '0::0', '::ffff:0.0.0.0'],
  [/must be a valid IP address/, '', 'a', '10.0.0.01', 'fe80::1%eth0', '10.0.0.1/8'],
  [undefined, '10.0.0.1', '192.0.2.1', '2001:db8::1', 'fec0::1', '::ffff:10.0.0.1'],
];

for (const [message, ...addresses] of cases)
  for (const address of addresses)
    test(`"${address}" ${message === undefined ? 'may be an endpoint' : `is refused: ${message}`}`, () => {
      const errors: FieldError[] = [];
      checkEndpointAddress(address, 'ip', errors);
      assert.equal(errors.length, message === undefined ? 0 : 1);
      if (message) assert.match(errors[0]!.message, message);
    });
