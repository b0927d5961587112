import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { copyJson } from '../../foundation/json.ts';
import type { KubernetesObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { serverSideApply } from './apply.ts';
import type { Fields } from './field-set.ts';
import { updateManagedFields } from './managed-fields.ts';
import { itemsOf, shapeOf } from './shape.ts';

/** Every form in which a field can merge: scalar, struct, map, atomic map and list, set, list by one key and by two. */
const text: Schema = { type: 'string' };
const port: Schema = {
  type: 'object',
  properties: { number: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' }, title: text },
};
const item: Schema = {
  type: 'object',
  properties: {
    name: text,
    image: text,
    args: { type: 'array', items: text, 'x-kubernetes-list-type': 'atomic' },
    ports: {
      ...{ type: 'array', items: port, 'x-kubernetes-list-type': 'map' },
      'x-kubernetes-list-map-keys': ['number', 'protocol'],
    },
  },
};
const schema: Schema = {
  type: 'object',
  properties: {
    metadata: { type: 'object', properties: { name: text } },
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        labels: { type: 'object', additionalProperties: text },
        whole: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
        marks: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
        items: {
          ...{ type: 'array', items: item, 'x-kubernetes-list-type': 'map' },
          'x-kubernetes-list-map-keys': ['name'],
        },
      },
    },
  },
};

const word = fc.constantFrom('a', 'b', 'c');
const words = fc.dictionary(word, word, { maxKeys: 3 });
const ports = fc.uniqueArray(
  fc.record(
    { number: fc.integer({ min: 1, max: 2 }), protocol: fc.constantFrom('TCP', 'UDP'), title: word },
    {
      requiredKeys: ['number'],
    },
  ),
  { maxLength: 3, selector: ({ number, protocol = 'TCP' }) => `${number}${protocol}` },
);
const items = fc.uniqueArray(
  fc.record({ name: word, image: word, args: fc.array(word, { maxLength: 2 }), ports }, { requiredKeys: ['name'] }),
  { maxLength: 3, selector: ({ name }) => name },
);
const spec = fc
  .record(
    {
      replicas: fc.integer({ min: 0, max: 2 }),
      labels: words,
      whole: words,
      marks: fc.uniqueArray(word, { maxLength: 3 }),
      items,
    },
    { requiredKeys: [] },
  )
  .map((value) => copyJson(value));

const named = (of: object): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x' }, spec: of },
});
const owner = (manager: string, operation: 'Apply' | 'Update') => ({
  ...{ manager, operation, apiVersion: 'v1', time: '2026-01-01T00:00:00Z' },
});
const apply = (live: KubernetesObject | undefined, of: object, manager: string, force = true) =>
  serverSideApply(live, named(of), owner(manager, 'Apply'), schema, force);
function update(live: KubernetesObject, of: object, manager: string): KubernetesObject {
  const object: KubernetesObject = { ...named(of), metadata: { ...live.metadata } };
  object.metadata.managedFields = updateManagedFields(live, object, owner(manager, 'Update'), schema);
  return object;
}

type Step = { manager: string; byApply: boolean; spec: object };
const steps = fc.array(fc.record({ manager: fc.constantFrom('one', 'two', 'three'), byApply: fc.boolean(), spec }), {
  minLength: 1,
  maxLength: 6,
});

/** What some managers, by apply and by update, make of an object one after the other. */
const played = (history: Step[]): KubernetesObject =>
  history.reduce<KubernetesObject | undefined>((live, step) => {
    if (live === undefined || step.byApply) return apply(live, step.spec, step.manager).object;
    return update(live, step.spec, step.manager);
  }, undefined)!;

/** Paths that are owned and lead nowhere. */
function dangling(fields: Fields, value: unknown, at: Schema | undefined, path = ''): string[] {
  const shape = shapeOf(value, at);
  const parts =
    shape.form === 'list'
      ? itemsOf(value as unknown[], shape)
      : new Map(Object.entries(shape.form === 'struct' ? (value as object) : {}).map(([n, v]) => [`f:${n}`, v]));
  return Object.entries(fields).flatMap(([element, inner]) => {
    if (element === '.') return [];
    if (!parts.has(element)) return [`${path}/${element}`];
    const schema = shape.form === 'list' ? shape.items : shape.form === 'struct' ? shape.field(element.slice(2)) : at;
    return dangling(inner, parts.get(element), schema, `${path}/${element}`);
  });
}

test('whatever managers did before, applying the same again changes nothing', () => {
  fc.assert(
    fc.property(steps, spec, (history, wanted) => {
      const once = apply(played(history), wanted, 'one').object;
      const twice = apply(once, wanted, 'one', false);
      assert.deepEqual(twice.conflicts, []);
      assert.deepEqual(twice.object, once);
    }),
  );
});

test('what is applied is there afterwards', () => {
  fc.assert(
    fc.property(steps, spec, (history, wanted) => {
      const { object } = apply(played(history), wanted, 'one');
      assert.deepEqual(apply(object, wanted, 'another', false).conflicts, []);
    }),
  );
});

test('nobody owns what is not there', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const object = played(history);
      for (const { manager, fieldsV1 } of object.metadata.managedFields ?? [])
        assert.deepEqual(dangling((fieldsV1 ?? {}) as Fields, object, schema), [], manager ?? '');
    }),
  );
});

/** With every protocol written out: an item keeps what names it, also when only one of its owners wrote that. */
const explicit = spec.map((value) => {
  for (const { ports = [] } of value.items ?? []) for (const one of ports) one.protocol ??= 'TCP';
  return value;
});

test('who applies nothing any more leaves what others own, as they wrote it', () => {
  fc.assert(
    fc.property(explicit, explicit, (first, second) => {
      const both = apply(apply(undefined, first, 'one').object, second, 'two').object;
      const { apiVersion, kind } = both;
      const nothing = { apiVersion, kind, metadata: { name: 'x' } };
      const left = serverSideApply(both, nothing, owner('one', 'Apply'), schema, false).object;
      assert.deepEqual(left, apply(undefined, second, 'two').object);
    }),
  );
});

test('without force nothing that another manager applied is changed in silence', () => {
  fc.assert(
    fc.property(spec, spec, (first, second) => {
      const before = apply(undefined, first, 'one').object;
      const { object, conflicts } = apply(before, second, 'two', false);
      if (conflicts.length > 0) return;
      const again = apply(object, first, 'one', false);
      assert.deepEqual(again.conflicts, []);
      // The order of lists follows who applied last; who owns what does not.
      assert.deepEqual(again.object.metadata, object.metadata);
    }),
  );
});

test('items that only the live list has stay before new ones', () => {
  const object = (names: string[]) =>
    ({
      apiVersion: 'v1',
      kind: 'X',
      metadata: { name: 'x' },
      spec: { items: names.map((name) => ({ name })) },
    }) as KubernetesObject;
  const orders: [string, string][] = [
    ['x', 'a b c x'],
    ['b x', 'a b c x'],
    ['x b', 'a x b c'],
    ['c a', 'b c a'],
    ['c x a', 'b c x a'],
    ['x c y', 'a b x c y'],
  ];
  const owner = { manager: 'm', operation: 'Apply' as const, apiVersion: 'v1', time: '' };
  for (const [applied, expected] of orders) {
    const { object: made } = serverSideApply(object(['a', 'b', 'c']), object(applied.split(' ')), owner, schema, true);
    assert.equal(made['spec'].items.map(({ name }: { name: string }) => name).join(' '), expected, applied);
  }
});
