import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../test/property.ts';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  isQuantity,
  parseQuantity,
  quantityMilli,
  quantityValue,
} from './quantity.ts';

test('quantities are shown in the form that Kubernetes answers with', () => {
  const pairs = [
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['100M', '100M'],
    ['1e3', '1e3'],
    ['12e6', '12e6'],
    ['1E', '1E'],
    ['0', '0'],
    ['-1500m', '-1500m'],
    ['0.0000000001', '1n'],
    ['1000Ki', '1000Ki'],
    ['.5', '500m'],
    ['5.', '5'],
    ['+3', '3'],
  ] as const;
  for (const [written, shown] of pairs) assert.equal(canonicalQuantity(written), shown, written);
});

test('what is no quantity is told apart', () => {
  for (const wrong of ['', ' 1', '1 Gi', 'Gi', '1gi', '0x1', '1e', 'NaN', '--1', '.', '1K', '1mi'])
    assert.equal(isQuantity(wrong), false, JSON.stringify(wrong));
  assert.equal(isQuantity(null), false);
  assert.equal(canonicalQuantity('many'), undefined);
});

test('values are rounded up to whole units and thousandths', () => {
  assert.equal(quantityValue('1500m'), 2);
  assert.equal(quantityMilli('0.1'), 100);
  assert.equal(quantityValue('1Gi'), 1073741824);
  assert.equal(parseQuantity('500m'), 0.5);
});

const quantities = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3'))
  .map(([digits, suffix]) => `${digits}${suffix}`);

test('the canonical form stands for the same value and is its own canonical form', () => {
  fc.assert(
    fc.property(quantities, (quantity) => {
      const shown = canonicalQuantity(quantity)!;
      assert.equal(compareQuantities(shown, quantity), 0);
      assert.equal(canonicalQuantity(shown), shown);
    }),
  );
});

test('comparison and addition lose nothing', () => {
  fc.assert(
    fc.property(quantities, quantities, (a, b) => {
      assert.equal(Math.sign(compareQuantities(a, b)), -Math.sign(compareQuantities(b, a)) + 0);
      // A sum in a binary family is rounded up to whole units above 1024, as upstream: so compare with decimals.
      const [left, right] = [`${a}`.replace(/[KMG]i$/, 'k'), `${b}`.replace(/[KMG]i$/, 'k')];
      const sum = addQuantities(left, right);
      const negative = right.startsWith('-') ? right.slice(1) : `-${right.replace(/^\+/, '')}`;
      assert.equal(compareQuantities(addQuantities(sum, negative), left), 0);
    }),
  );
  assert.equal(addQuantities('9007199254740993', '1'), '9007199254740994');
  assert.equal(addQuantities('0', '64Mi'), '64Mi');
  assert.equal(addQuantities('64Mi', '64Mi'), '128Mi');
});

test('a quantity of any size is answered at once and capped', () => {
  assert.equal(canonicalQuantity('9'.repeat(30)), '9223372036854775807');
  assert.equal(canonicalQuantity('1e99'), '9223372036854775807');
});
