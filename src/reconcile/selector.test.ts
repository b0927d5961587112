import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectorMatches, selectorText } from './selector.ts';

const labels = { app: 'web', tier: 'front' };
const expression = (key: string, operator: string, values?: string[]) =>
  selectorMatches({ matchExpressions: [{ key, operator, values }] }, labels);

test('absent matches nothing, empty everything', () => {
  assert.equal(selectorMatches(undefined, labels), false);
  assert.equal(selectorMatches({}, {}), true);
});

test('labels and expressions must all hold', () => {
  assert.ok(selectorMatches({ matchLabels: { app: 'web' } }, labels));
  assert.ok(!selectorMatches({ matchLabels: { app: 'web', tier: 'back' } }, labels));
  assert.ok(!selectorMatches({ matchLabels: { constructor: 'x' } }, labels));
  assert.ok(expression('tier', 'In', ['front', 'back']));
  assert.ok(expression('other', 'NotIn', ['x']));
  assert.ok(!expression('tier', 'NotIn', ['front']));
  assert.ok(expression('tier', 'Exists') && !expression('other', 'Exists'));
  assert.ok(expression('other', 'DoesNotExist'));
  assert.ok(!expression('tier', 'Gt', ['1']));
});

test('a selector is written as a query', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [{ key: 'a', operator: 'In', values: ['x', 'y'] }],
  };
  assert.equal(selectorText(selector), 'app=web,a in (x,y)');
});
