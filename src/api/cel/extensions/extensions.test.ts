import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '../testing/evaluate.ts';

const values: [string, unknown][] = [
  // lists and sets
  ['object.spec.numbers.sum() == 6 && object.spec.numbers.min() == 1 && object.spec.numbers.max() == 3', true],
  ['object.spec.numbers.isSorted() || [dyn(1), dyn(1.5), dyn(2)].isSorted()', true],
  ['object.spec.list.indexOf("b") == 1 && object.spec.list.lastIndexOf("z") == -1', true],
  ['[].min()', 'error: min called on empty list'],
  ["[dyn(1), dyn('a')].isSorted()", 'error: no such overload: the items of the list have no order'],
  ['sets.contains([1, 2], [1]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])', true],
  // quantities, exact
  ["quantity(object.spec.memory).isGreaterThan(quantity('1000Mi')) && quantity('1Gi') == quantity('1024Mi')", true],
  ["quantity('50k').add(quantity('20')).sub(1).asInteger()", 50019n],
  ["isQuantity('1.5Mi') && !isQuantity('1,5Mi') && quantity('0.1').compareTo(quantity('100m')) == 0", true],
  ["quantity('100m').asInteger()", 'error: cannot convert value to integer'],
  ["quantity('x')", 'error: "x" is not a quantity'],
  // URLs
  ["url('https://u@example.com:80/a%20b?c=d&c=e').getHost()", 'example.com:80'],
  ["url('https://[::1]:80/').getHostname()", '::1'],
  ["url('/path?c=d').getEscapedPath() + url('https://x/?c=d').getQuery()['c'][0]", '/pathd'],
  [
    "isURL('../x') || isURL('https://a b/') || isURL('https://x:port/') || !isURL('mailto:a@b') || !isURL('/a b')",
    false,
  ],
  // addresses
  ["ip('2001:db8::1').family() == 6 && ip.isCanonical('10.0.0.1') && !isIP('010.0.0.1')", true],
  ["ip('127.0.0.1').isLoopback() && ip('fe80::1').isLinkLocalUnicast() && ip('8.8.8.8').isGlobalUnicast()", true],
  ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsCIDR('0.0.0.0/0')", true],
  ["cidr('192.168.1.77/20').masked() == cidr('192.168.0.0/20')", true],
  ["string(cidr('2001:db8::1/33').masked())", '2001:db8::/33'],
  ["isCIDR('10.0.0.0/33') || isCIDR('10.0.0.0')", false],
  // collections
  ['[1, 2, 3, 4].slice(1, 3) + [[5], [6]].flatten() + lists.range(2)', [2n, 3n, 5n, 6n, 0n, 1n]],
  ['[1, 2].slice(1, 3)', 'error: cannot slice(1, 3), list is length 2'],
  ["object.spec.numbers.sort() == [1, 2, 3] && ['b', 'a'].sort().reverse() == ['b', 'a']", true],
  ["[{'n': 2}, {'n': 1}].sortBy(x, x.n)[0].n", 1n],
  ['[dyn(1), dyn(2), dyn(1.0)].distinct().size()', 2n],
  // versions
  ["semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && semver('1.0.0+a') == semver('1.0.0+b')", true],
  ["semver('v01.2', true).compareTo(semver('1.2.0')) == 0 && !isSemver('v1.0.0') && isSemver('v1', true)", true],
  ["semver('1.10.0').minor() + semver('2.0.0').major()", 12n],
  ["semver('one')", 'error: "one" is not a semantic version'],
  // formats
  ["format.dns1123Label().validate('web').hasValue()", false],
  ["format.named('dns1035Label').value().validate('1a').value().size()", 1n],
  ["format.named('nothing').hasValue() || format.uuid().validate('x').hasValue() == false", false],
  ["format.date().validate('2024-02-30') == optional.of(['invalid date'])", true],
  // texts, numbers and their forms, as Go has them
  ["object.spec.list.join(',') + '%s=%d'.format([dyn('x'), 1])", 'a,bx=1'],
  ["'a-b'.split('-').size() == 2 && 'aaa'.replace('a', 'b', 2) == 'bba' && 'A'.lowerAscii() == 'a'", true],
  ["'web-1'.matches('^[a-z]+-[0-9]+$')", true],
  ["'abc 123 de 45'.find('[0-9]+') + 'x'.find('y') + 'foobar'.find('foo|foobar')", '123foo'],
  ["'123 abc 456'.findAll('[0-9]*')", ['123', '', '', '', '', '456']],
  ["'abc'.findAll('.', 2)", ['a', 'b']],
  ["'hello'.indexOf('l', 9) + 'hello'.lastIndexOf('l', 9) + 'a🎈b'.indexOf('b')", 0n],
  ["'hello'.indexOf('l', -1)", 'error: index out of range: -1'],
  ["'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.replace('', '-') == '-a-b-' && 'a🎈b'.substring(1, 2) == '🎈'", true],
  ['string(1234567.0) + string(0.1) + string(1e-7)', '1.234567e+060.11e-07'],
  ["double('x')", "error: type conversion error from 'string' to 'double'"],
  ["int('0x10')", "error: type conversion error from 'string' to 'int'"],
  ["'%s %d %.1f %x'.format([{'a': [1.5, 'b']}, 1, 2.25, 'A'])", '{"a":[1.500000, "b"]} 1 2.3 41'],
  [
    "dyn('%d').format([object.spec.list])",
    'error: error during formatting: decimal clause can only be used on integers, was given list',
  ],
  ['[1u, 2u].sum() == 3u && [duration("1h"), duration("1m")].sum() == duration("61m")', true],
  ["{dyn('web'): 1, object.metadata.name: 2}.web", 2n],
  ['object.spec.list[true]', "error: unsupported index type 'bool' in list"],
  // times
  ["string(timestamp('2020-01-01T00:00:00.5Z')) + string(duration('-1.5h'))", '2020-01-01T00:00:00.5Z-5400s'],
  ["timestamp('2021-03-28T01:30:00Z').getHours('Europe/Berlin') + timestamp('2021-03-28T02:30:00Z').getHours()", 5n],
  ["timestamp('2021-03-28T00:00:00Z').getHours('Nowhere/X')", 'error: unknown time zone Nowhere/X'],
  ["duration('1.5s').getMilliseconds()", 1500n],
  ["timestamp('2023-01-01T00:00:00Z') - duration('1h') < timestamp('2023-01-01T00:00:00Z')", true],
];
for (const [source, expected] of values) test(source, () => assert.deepEqual(evaluate(source), expected));
