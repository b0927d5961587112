import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAllowList } from './allow-list.ts';

test('only addresses in the ranges are allowed, also where IPv4 looks like IPv6', () => {
  const allows = createAllowList(['127.0.0.0/8', '192.0.2.0/24', '2001:db8::/32']);
  for (const address of ['127.0.0.1', '::ffff:192.0.2.7', '2001:db8::1']) assert.equal(allows(address), true, address);
  for (const address of ['192.0.3.1', '::1', '', 'localhost', '2001:db9::1'])
    assert.equal(allows(address), false, address);
});

test('what is remembered is bounded and stays right', () => {
  const allows = createAllowList(['10.0.0.0/16']);
  for (let index = 0; index < 10_000; index++) allows(`10.${index % 200}.${index % 250}.1`);
  assert.equal(allows('10.0.0.1'), true);
  assert.equal(allows('10.1.0.1'), false);
});
