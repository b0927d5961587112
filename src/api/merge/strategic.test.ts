import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '../schema/schema.ts';
import { strategicMergePatch } from './strategic.ts';
import { schema } from './testing/schema.ts';

test('a strategic merge patch of a long list into a long one looks at each item a few times', () => {
  let reads = 0;
  const containers = (from: number, length: number): any[] =>
    Array.from({ length }, (_, index) => ({
      get name() {
        reads++;
        return `c${from + index}`;
      },
      set name(_) {},
      image: 'a:1',
    }));
  const merged = (patch: any[]) =>
    strategicMergePatch({ spec: { containers: containers(0, 1000) } }, { spec: { containers: patch } }, schema) as any;
  assert.equal(merged(containers(500, 1000)).spec.containers.length, 1500);
  assert.ok(reads < 30 * 2000, `${reads} names were read`);
  const doubled = { spec: { containers: [...containers(0, 2), ...containers(1, 2)] } };
  const deleted = strategicMergePatch(
    doubled,
    {
      spec: {
        containers: [
          { name: 'c1', $patch: 'delete' },
          { name: 'c1', image: 'b:2' },
        ],
      },
    },
    schema,
  ) as any;
  assert.deepEqual(deleted.spec.containers.map(({ name, image }: any) => `${name} ${image}`).sort(), [
    'c0 a:1',
    'c1 b:2',
    'c2 a:1',
  ]);
});

const strategic = (target: object, patch: object) => strategicMergePatch(structuredClone(target), patch, schema) as any;
const pod = {
  spec: {
    containers: [
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1', ports: [{ containerPort: 80 }] },
    ],
  },
};

test('strategic merge: lists of objects merge by their key', () => {
  const result = strategic(pod, {
    spec: {
      containers: [
        { name: 'b', image: 'b:2' },
        { name: 'c', image: 'c:1' },
      ],
    },
  });
  assert.deepEqual(
    result.spec.containers.map((each: any) => each.image),
    ['a:1', 'b:2', 'c:1'],
  );
  assert.deepEqual(result.spec.containers[1].ports, [{ containerPort: 80 }]);
});

test('strategic merge: what a patch adds without an order stands before what was there, as kubectl patch has it', () => {
  const added = strategic(pod, { spec: { containers: [{ name: 'c', image: 'c:1' }] } });
  assert.deepEqual(
    added.spec.containers.map((each: any) => each.name),
    ['c', 'a', 'b'],
  );
  const placed = strategic(pod, {
    spec: { containers: [{ name: 'c' }], '$setElementOrder/containers': [{ name: 'a' }, { name: 'c' }] },
  });
  assert.deepEqual(
    placed.spec.containers.map((each: any) => each.name),
    ['a', 'c', 'b'],
  );
});

test('strategic merge: what is marked to be replaced is replaced as a whole', () => {
  const selector: Schema = { type: 'object', properties: { matchLabels: { type: 'object' } } };
  const budget: Schema = {
    type: 'object',
    properties: { selector: { ...selector, 'x-kubernetes-patch-strategy': 'replace' }, other: selector },
  };
  const old = { selector: { matchLabels: { a: '1' } }, other: { matchLabels: { a: '1' } } };
  const patch = { selector: { matchLabels: { b: '2' } }, other: { matchLabels: { b: '2' } } };
  assert.deepEqual(strategicMergePatch(old, patch, budget), {
    selector: { matchLabels: { b: '2' } },
    other: { matchLabels: { a: '1', b: '2' } },
  });
});

test('strategic merge: $patch deletes an item or replaces a list, and an atomic list is replaced', () => {
  assert.deepEqual(
    strategic(pod, { spec: { containers: [{ name: 'a', $patch: 'delete' }] } }).spec.containers.length,
    1,
  );
  const replaced = strategic(pod, { spec: { containers: [{ $patch: 'replace' }, { name: 'z' }] } });
  assert.deepEqual(replaced.spec.containers, [{ name: 'z' }]);
  const args = strategic(
    { spec: { containers: [{ name: 'a', args: ['1', '2'] }] } },
    { spec: { containers: [{ name: 'a', args: ['3'] }] } },
  );
  assert.deepEqual(args.spec.containers[0].args, ['3']);
});

test('strategic merge: order, set deletion and retained keys', () => {
  const ordered = strategic(pod, {
    spec: { $setElementOrder: undefined, '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
  });
  assert.deepEqual(
    ordered.spec.containers.map((each: any) => each.name),
    ['b', 'a'],
  );
  const finalizers = { metadata: { finalizers: ['x', 'y'] } };
  assert.deepEqual(strategic(finalizers, { metadata: { finalizers: ['z'] } }).metadata.finalizers, ['z', 'x', 'y']);
  assert.deepEqual(
    strategic(finalizers, { metadata: { '$deleteFromPrimitiveList/finalizers': ['x'] } }).metadata.finalizers,
    ['y'],
  );
  const strategy = strategic(
    { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: {} } } },
    { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
  );
  assert.deepEqual(strategy.spec.strategy, { type: 'Recreate' });
});

test('strategic merge: no directive is ever stored', () => {
  const result = strategic(
    { spec: {} },
    { spec: { containers: [{ name: 'a', ports: [{ containerPort: 1, $patch: 'delete' }] }] } },
  );
  assert.doesNotMatch(JSON.stringify(result), /\$/);
  assert.throws(() => strategic(pod, { spec: { containers: [{ image: 'x' }] } }), /merge key: name/);
});
