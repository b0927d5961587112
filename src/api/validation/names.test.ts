import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  configMapKey,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  environmentName,
  labelValue,
  type NameCheck,
  pathSegment,
  portName,
  qualifiedName,
} from './names.ts';
import { validateSchedule } from './schedule.ts';
import { isCidr, sameValue } from './values.ts';

const long = (length: number) => 'a'.repeat(length);

const cases: [string, NameCheck, string[], string[]][] = [
  ['an RFC 1123 label', dnsLabel, ['a', '0a', 'a-b', long(63)], ['', 'A', '-a', 'a-', 'a.b', 'a_b', 'ä', long(64)]],
  ['an RFC 1035 label', dns1035Label, ['a', 'a0'], ['0a', 'a-', '', long(64)]],
  ['a subdomain', dnsSubdomain, ['a', 'a.b', '0.a-b', long(253)], ['', 'a..b', '.a', 'a.', 'A.b', long(254)]],
  ['a path segment', pathSegment, ['system:node', 'a b', 'A_b'], ['.', '..', 'a/b', 'a%b']],
  [
    'a qualified name',
    qualifiedName,
    ['a', 'A_b.c', 'example.com/A'],
    ['', '/a', 'a/', 'a/b/c', 'E.com/a', '-a', long(64)],
  ],
  ['a label value', labelValue, ['', 'a', 'A_b.c-d', long(63)], ['-', 'a b', 'a/b', long(64)]],
  ['a port name', portName, ['http', 'a', '8-a', long(15)], ['HTTP', '80', 'a--b', '-a', 'a-', '', long(16)]],
  ['an environment name', environmentName, ['A', 'a.b-c', '1', 'A B'], ['', 'A=B', 'A\n']],
  ['a config key', configMapKey, ['a', 'A_b-.c', '.a'], ['', '.', '..', '..a', 'a/b', long(254)]],
];

for (const [what, check, good, bad] of cases)
  test(`${what} is told from what is none`, () => {
    for (const name of good) assert.equal(check(name), undefined, JSON.stringify(name));
    for (const name of bad) assert.equal(typeof check(name), 'string', JSON.stringify(name));
  });

test('a hostile name is judged at once', () => {
  for (const check of [dnsLabel, dnsSubdomain, qualifiedName, labelValue, configMapKey, portName, pathSegment])
    assert.doesNotThrow(() => check(`${'a-'.repeat(1e6)}!`));
});

test('cron schedules are read as upstream reads them', () => {
  for (const good of ['* * * * *', '*/5 0-6,12 1 JAN-mar sun', '@daily', '@every 1h30m', '0 0 ? * 1-5/2'])
    assert.equal(validateSchedule(good), undefined, good);
  for (const bad of [
    '',
    '* * * *',
    '60 * * * *',
    '* * 0 * *',
    '5-1 * * * *',
    '* * * * 7',
    '*/0 * * * *',
    'a * * * *',
    '@often',
    '1/2/3 * * * *',
  ])
    assert.equal(typeof validateSchedule(bad), 'string', bad);
});

test('blocks of addresses are told from what is none', () => {
  for (const good of ['10.0.0.0/8', '0.0.0.0/0', '10.0.0.1/32', '2001:db8::/64', '::/0']) assert.ok(isCidr(good), good);
  for (const bad of ['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '::/129', '010.0.0.0/8', '10.0.0.0/08', 'a/8', '/8'])
    assert.ok(!isCidr(bad), bad);
});

test('values are the same whatever the order of their keys, and null is as absent', () => {
  assert.ok(sameValue({ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2 }], a: 1 }));
  assert.ok(sameValue({ a: undefined, b: null }, {}));
  assert.ok(!sameValue([1, 2], [2, 1]));
  assert.ok(!sameValue({ a: [] }, { a: {} }));
  assert.ok(!sameValue({ a: 1 }, { a: '1' }));
  assert.ok(!sameValue({}, { a: 1 }));
  assert.ok(!sameValue({}, { constructor: 'x' }), 'what every object inherits is not there');
  assert.ok(sameValue({ constructor: null }, {}));
});
