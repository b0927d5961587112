import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { mergePatch, serverSideApply, strategicMergePatch, updateManagedFields } from './merge.ts';

const port: Schema = {
  type: 'object',
  properties: {
    containerPort: { type: 'integer' },
    protocol: { type: 'string', default: 'TCP' },
    name: { type: 'string' },
  },
};
const container: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    image: { type: 'string' },
    args: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'atomic' },
    ports: {
      type: 'array',
      items: port,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'containerPort',
    },
  },
};
const schema: Schema = {
  type: 'object',
  properties: {
    metadata: {
      type: 'object',
      properties: {
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        finalizers: {
          type: 'array',
          items: { type: 'string' },
          'x-kubernetes-list-type': 'set',
          'x-kubernetes-patch-strategy': 'merge',
        },
      },
    },
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        strategy: {
          type: 'object',
          properties: { type: {}, rollingUpdate: {} },
          'x-kubernetes-patch-strategy': 'retainKeys',
        },
        selector: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { app: { type: 'string' } } },
        containers: {
          type: 'array',
          items: container,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-patch-strategy': 'merge',
          'x-kubernetes-patch-merge-key': 'name',
        },
      },
    },
  },
};
const deployment = (spec: object, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec,
});
const by = (manager: string, operation: 'Apply' | 'Update' = 'Apply') => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  time: '2026-01-01T00:00:00Z',
});
const apply = (live: KubernetesObject | undefined, spec: object, manager: string, force = false) =>
  serverSideApply(live, deployment(spec), by(manager), schema, force);

test('a merge patch deletes with null and cannot reach the prototype', () => {
  assert.deepEqual(mergePatch({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: 4 } }), { b: { c: 4, d: 3 } });
  mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  assert.equal(({} as any).polluted, undefined);
});

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

test('apply creates with ownership of exactly what is applied', () => {
  const { object, conflicts } = apply(undefined, { replicas: 1, containers: [{ name: 'a', image: 'a:1' }] }, 'one');
  assert.deepEqual(conflicts, []);
  assert.deepEqual(object.metadata.managedFields![0]!.fieldsV1, {
    'f:spec': {
      'f:replicas': {},
      'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:image': {} } },
    },
  });
});

test('apply contradicting another manager conflicts, and force takes the field', () => {
  const first = apply(undefined, { replicas: 1 }, 'one').object;
  const { conflicts } = apply(first, { replicas: 2 }, 'two');
  assert.deepEqual(
    conflicts.map(({ manager, field }) => [manager, field]),
    [['one', '.spec.replicas']],
  );
  assert.deepEqual(apply(first, { replicas: 1 }, 'two').conflicts, [], 'the same value is shared');
  const forced = apply(first, { replicas: 2 }, 'two', true).object;
  assert.equal(forced.spec.replicas, 2);
  assert.deepEqual(
    forced.metadata.managedFields!.map((entry) => entry.manager),
    ['two'],
  );
});

test('what is no longer applied goes, unless somebody else holds it', () => {
  const both = {
    replicas: 1,
    containers: [
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
    ],
  };
  const first = apply(undefined, both, 'one').object;
  first.spec.containers[1].defaulted = true;
  const second = apply(first, { containers: [{ name: 'a', image: 'a:1' }] }, 'one').object;
  assert.deepEqual(second.spec, { containers: [{ name: 'a', image: 'a:1' }] });

  const shared = apply(apply(undefined, { replicas: 1 }, 'one').object, { replicas: 1 }, 'two').object;
  assert.equal(apply(shared, {}, 'one').object.spec?.replicas, 1);
});

test('applying the same again changes nothing at all', () => {
  const spec = { replicas: 1, selector: { app: 'x' }, containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] };
  const first = apply(undefined, spec, 'one').object;
  const again = serverSideApply(first, deployment(spec), { ...by('one'), time: '2027-01-01T00:00:00Z' }, schema, false);
  assert.deepEqual(again.object, first);
});

test('ports are told apart by number and defaulted protocol', () => {
  const first = apply(
    undefined,
    { containers: [{ name: 'a', ports: [{ containerPort: 53, protocol: 'UDP' }] }] },
    'one',
  ).object;
  const second = apply(first, { containers: [{ name: 'a', ports: [{ containerPort: 53 }] }] }, 'two').object;
  assert.equal(second.spec.containers[0].ports.length, 2);
});

test('an update takes what it changes from those who applied it', () => {
  const first = apply(undefined, { replicas: 1, selector: { app: 'x' } }, 'one').object;
  const scaled = structuredClone(first);
  scaled.spec.replicas = 5;
  scaled.metadata.managedFields = updateManagedFields(first, scaled, by('kubectl', 'Update'), schema);
  const fields = Object.fromEntries(scaled.metadata.managedFields.map((entry) => [entry.manager, entry.fieldsV1]));
  assert.deepEqual(fields, { one: { 'f:spec': { 'f:selector': {} } }, kubectl: { 'f:spec': { 'f:replicas': {} } } });
  assert.equal(apply(scaled, { replicas: 1, selector: { app: 'x' } }, 'one').conflicts.length, 1);
  const same = updateManagedFields(scaled, structuredClone(scaled), by('other', 'Update'), schema);
  assert.equal(same, scaled.metadata.managedFields, 'a write that changes nothing owns nothing');
});

test('the API’s own schema tells ports apart: applying a service again adds none', async () => {
  const { definition } = await import('../schema/definitions.ts');
  const service: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { ports: [{ name: 'http', port: 80 }] },
  };
  const owner = { ...by('one'), apiVersion: 'v1' };
  const first = serverSideApply(undefined, service, owner, definition('io.k8s.api.core.v1.Service'), false).object;
  first.spec.ports[0].protocol = 'TCP';
  const again = serverSideApply(first, service, owner, definition('io.k8s.api.core.v1.Service'), false).object;
  assert.equal(again.spec.ports.length, 1);
});
