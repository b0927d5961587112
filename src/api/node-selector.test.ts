import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeSelectorMatches } from './node-selector.ts';
import type { Node } from './schema/types.d.ts';

const node = { metadata: { name: 'n1', labels: { zone: 'a', cores: '8' } } } as unknown as Node;
const expression = (key: string, operator: string, values?: string[]) =>
  nodeSelectorMatches({ nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }] }, node);

test('each operator of a node selector', () => {
  assert.ok(expression('zone', 'In', ['a', 'b']) && !expression('zone', 'In', ['b']));
  assert.ok(expression('disk', 'NotIn', ['x']) && !expression('zone', 'NotIn', ['a']));
  assert.ok(expression('zone', 'Exists') && expression('disk', 'DoesNotExist'));
  assert.ok(expression('cores', 'Gt', ['4']) && !expression('cores', 'Lt', ['8']) && !expression('disk', 'Gt', ['1']));
  for (const values of [['many'], ['4.5'], [''], []])
    assert.ok(!expression('cores', 'Gt', values) && !expression('cores', 'Lt', values), String(values));
});

test('fields name the node, terms are alternatives, an empty term holds for no node', () => {
  const byName = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] };
  assert.ok(nodeSelectorMatches({ nodeSelectorTerms: [{}, byName] }, node));
  assert.ok(!nodeSelectorMatches({ nodeSelectorTerms: [{}] }, node));
});
