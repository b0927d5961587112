import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { describeRule, type PolicyRule, ruleAllows, uncovered } from './rules.ts';

const some = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const resourceRule: fc.Arbitrary<PolicyRule> = fc.record(
  {
    verbs: some('get', 'list', 'create', '*'),
    apiGroups: some('', 'apps', '*'),
    resources: some('pods', 'pods/log', 'secrets', '*/log', '*'),
    resourceNames: some('a', 'b'),
  },
  { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
);
const pathRule: fc.Arbitrary<PolicyRule> = fc.record({
  verbs: some('get', 'post', '*'),
  nonResourceURLs: some('/metrics', '/logs/*', '/logs/a', '/*', '*'),
});
const rules = fc.array(fc.oneof(resourceRule, pathRule), { maxLength: 4 });

const nobody = { user: { username: 'x', groups: [] }, version: 'v1', namespace: '' };
const asked = fc.oneof(
  fc.record({
    verb: fc.constantFrom('get', 'list', 'create', 'delete'),
    group: fc.constantFrom('', 'apps', 'batch'),
    resource: fc.constantFrom('pods', 'secrets', 'nodes'),
    subresource: fc.constantFrom('', 'log', 'exec'),
    name: fc.constantFrom('', 'a', 'b', 'c'),
  }),
  fc.record({
    verb: fc.constantFrom('get', 'post'),
    nonResourcePath: fc.constantFrom('/metrics', '/logs/a', '/logs/b', '/other'),
  }),
);

test('whoever holds what covers a role is allowed everything that the role allows', () => {
  const none = { group: '', resource: '', subresource: '', name: '' };
  fc.assert(
    fc.property(rules, rules, asked, (wanted, owned, request) => {
      fc.pre(uncovered(wanted, owned).length === 0);
      const attributes = { ...nobody, ...none, ...request };
      const allowed = (list: PolicyRule[]) => list.some((rule) => ruleAllows(rule, attributes));
      assert.ok(!allowed(wanted) || allowed(owned));
    }),
    { numRuns: 500, maxSkipsPerRun: 1000 },
  );
});

test('every set of rules covers itself, and the rule over everything covers all', () => {
  const everything = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ];
  fc.assert(
    fc.property(rules, (wanted) => {
      assert.deepEqual(uncovered(wanted, wanted), []);
      assert.deepEqual(uncovered(wanted, everything), []);
    }),
  );
});

test('too many single permissions to compare are refused, not compared for ever', () => {
  const many = Array.from({ length: 200 }, (_, index) => `r${index}`);
  const rule = { verbs: many, apiGroups: [''], resources: many };
  assert.throws(() => uncovered([rule], []), RangeError);
  // Each of the two is within its own bound.
  let reads = 0;
  const counted = (resource: string) => ({
    get verbs() {
      reads++;
      return ['get'];
    },
    ...{ apiGroups: [''], resources: [resource] },
  });
  const wanted = {
    verbs: ['get'],
    apiGroups: [''],
    resources: Array.from({ length: 10_000 }, (_, index) => `w${index}`),
  };
  const held = Array.from({ length: 10_000 }, (_, index) => counted(`h${index}`));
  assert.throws(() => uncovered([wanted], held), /too many to compare with those that are held/);
  assert.ok(reads < 10_000_000, `${reads} rules were compared`);
  const roles = Array.from({ length: 60 }, () => ({
    verbs: many.slice(0, 8),
    apiGroups: [''],
    resources: many.slice(0, 20),
  }));
  assert.equal(uncovered([wanted], roles).length, 10_000, 'all that an honest user holds is compared');
});

test('a rule is described as Kubernetes does', () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] };
  assert.equal(describeRule(rule), '{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["get"]}');
});
