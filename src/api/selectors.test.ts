import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../test/property.ts';
import {
  formatSelector,
  matchesLabels,
  matchesRequirements,
  matchesSelector,
  parseFieldSelector,
  parseLabelSelector,
  showSelector,
  termsMax,
  wantedLabel,
} from './selectors.ts';
import { ApiError } from './status.ts';

const matches = (selector: string, labels?: Record<string, string>) =>
  matchesRequirements(parseLabelSelector(selector), labels);

test('every operator of a label selector matches as in Kubernetes', () => {
  const labels = { app: 'web', tier: 'front', size: '5' };
  for (const selector of [
    '',
    'app=web',
    'app==web',
    'app',
    '!missing',
    'app!=api',
    'missing!=x',
    'app in (api, web)',
    'app notin (api)',
    'missing notin (api)',
    'size>4',
    'size < 6',
    'app=web,tier=front',
    ' app = web , tier in (front) ',
  ])
    assert.equal(matches(selector, labels), true, selector);
  for (const selector of [
    'app=api',
    'missing',
    '!app',
    'app!=web',
    'app in (api)',
    'app notin (web)',
    'size>5',
    'app>1',
    'app=web,x',
  ])
    assert.equal(matches(selector, labels), false, selector);
  assert.equal(matches('app='), false);
  assert.equal(matches('app=', { app: '' }), true);
  assert.equal(matches('app in (,a)', { app: '' }), true);
  assert.equal(matches('constructor', {}), false);
});

test('malformed label selectors are bad requests that say what was found', () => {
  const wrong: [string, RegExp][] = [
    ['a=b,', /found '', expected: identifier after ','/],
    ['=b', /found '=', expected: identifier/],
    ['a b', /found 'b', expected: in, notin, =, ==, !=, gt, lt/],
    ['a in b', /found 'b', expected: '\('/],
    ['a in (b', /expected: ',' or '\)'/],
    ['!a=b', /expected: ',' or 'end of string'/],
    ['a=b c', /found 'c', expected: ',' or 'end of string'/],
    ['a>b', /the value must be an integer/],
    ['-a=b', /name part must consist of/],
    ['a=-', /a valid label must be/],
    ['a'.repeat(20_000), /16384 characters/],
  ];
  for (const [selector, message] of wrong)
    assert.throws(
      () => parseLabelSelector(selector),
      (error: ApiError) => error instanceof ApiError && error.code === 400 && message.test(error.message),
      selector,
    );
});

test('no text makes the selector parsers fail in another way', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '=', '!', '(', ')', ',', ' ', 'in', 'notin', '\\', '<', '.') });
  fc.assert(
    fc.property(text, (selector) => {
      for (const parse of [parseLabelSelector, parseFieldSelector])
        try {
          parse(selector);
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
        }
    }),
  );
});

test('a LabelSelector matches like the text it is shown as', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['front', 'back'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  };
  assert.equal(formatSelector(selector), 'app=web,!old,tier in (back,front)');
  for (const labels of [{ app: 'web', tier: 'back' }, { app: 'web' }, { app: 'web', tier: 'back', old: '' }, {}])
    assert.equal(matchesSelector(selector, labels as any), matches(formatSelector(selector), labels as any));
});

test('no selector selects nothing, an empty one everything', () => {
  assert.equal(matchesSelector(undefined, { a: 'b' }), false);
  assert.equal(matchesSelector({}, undefined), true);
  assert.equal(showSelector({}), '<none>');
  assert.equal(matchesLabels({ a: 'b' }, { a: 'b', c: 'd' }), true);
  assert.equal(matchesLabels({ a: 'b' }, undefined), false);
});

test('field selectors compare and unescape', () => {
  assert.deepEqual(parseFieldSelector('spec.nodeName=n1,status.phase!=Running,a==b\\,c\\=d'), [
    { field: 'spec.nodeName', operator: '=', value: 'n1' },
    { field: 'status.phase', operator: '!=', value: 'Running' },
    { field: 'a', operator: '=', value: 'b,c=d' },
  ]);
  assert.deepEqual(parseFieldSelector(''), []);
  assert.deepEqual(parseFieldSelector('spec.nodeName='), [{ field: 'spec.nodeName', operator: '=', value: '' }]);
  assert.throws(() => parseFieldSelector('metadata.name'), /can't understand 'metadata.name'/);
});

test('a selector has a hundred requirements and no more', () => {
  const text = (terms: number) => Array(terms).fill('a!=b').join();
  for (const parse of [parseLabelSelector, parseFieldSelector]) {
    assert.equal(parse(text(termsMax)).length, termsMax);
    assert.throws(() => parse(text(termsMax + 1)), /100 requirements/);
  }
});

test('the label that a selector wants is one that no pod can match without', () => {
  const expression = (operator: string, ...values: string[]) => ({ key: 'tier', operator, values });
  assert.deepEqual(wantedLabel({ matchLabels: { app: 'x', tier: 'y' } }), ['app', 'x']);
  assert.deepEqual(wantedLabel({ matchExpressions: [expression('In', 'y')] }), ['tier', 'y']);
  for (const other of [expression('In', 'y', 'z'), expression('NotIn', 'y'), { key: 'tier', operator: 'Exists' }])
    assert.equal(wantedLabel({ matchExpressions: [other] }), undefined);
  assert.equal(wantedLabel(undefined), undefined);
});
