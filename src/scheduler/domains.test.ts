import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDomains } from './domains.ts';

test('a domain is there as long as somebody stands there, or a node makes it', () => {
  const domains = createDomains();
  const seen = () => [domains.size(), domains.least(), domains.isEmpty()];
  domains.add('a', 1);
  assert.deepEqual(seen(), [1, 1, false]);
  for (const domain of ['b', 'b', 'c']) domains.open(domain);
  assert.deepEqual(seen(), [3, 0, false]);
  domains.add('a', -1);
  assert.deepEqual(seen(), [2, 0, true]);
  domains.close('b');
  assert.deepEqual(seen(), [2, 0, true], 'another node makes it');
  domains.add('b', 2);
  domains.close('c');
  assert.deepEqual(seen(), [1, 2, false]);
});

test('a copy with less keeps the domains that nodes make', () => {
  const domains = createDomains();
  domains.open('a');
  for (const domain of ['a', 'b']) domains.add(domain, 1);
  const less = domains.less(['a', 'b']);
  assert.deepEqual([less.size(), less.least(), domains.size(), domains.least()], [1, 0, 2, 1]);
});
