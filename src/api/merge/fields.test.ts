import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { fieldsOf } from './fields.ts';
import { schema } from './testing/schema.ts';

const word = fc.constantFrom('a', 'b', 'c');
const port = fc.record(
  { containerPort: fc.integer({ min: 1, max: 2 }), protocol: fc.constantFrom('TCP', 'UDP'), name: word },
  { requiredKeys: [] },
);
const container = fc.record(
  { name: word, args: fc.array(word, { maxLength: 2 }), ports: fc.array(port, { maxLength: 3 }) },
  { requiredKeys: [] },
);
const object = fc.record(
  {
    metadata: fc.record({ labels: fc.dictionary(word, word), finalizers: fc.array(word, { maxLength: 3 }) }),
    spec: fc.record(
      {
        replicas: fc.integer(),
        selector: fc.dictionary(word, word),
        containers: fc.array(container, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

test('what was seen before makes no difference, nor does an item without a name or with that of another', () => {
  fc.assert(
    fc.property(object, (value) => {
      const anew = fieldsOf(value, structuredClone(schema));
      assert.equal(JSON.stringify(fieldsOf(value, schema)), JSON.stringify(anew));
    }),
  );
});

test('objects that look alike share their sets; items that one key does not tell apart are owned as a whole', () => {
  const pod = (...containers: object[]) => ({ spec: { containers } });
  const one = fieldsOf(pod({ name: 'a', args: ['x'] }, { name: 'b' }), schema);
  assert.equal(fieldsOf(pod({ name: 'a', args: ['y', 'z'] }, { name: 'b' }), schema), one);
  assert.notEqual(fieldsOf(pod({ name: 'a', args: ['x'] }), schema), one);
  assert.deepEqual(fieldsOf(pod({ name: 'a' }, { name: 'a' }), schema), { 'f:spec': { 'f:containers': {} } });
  const ports = [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }];
  assert.deepEqual(fieldsOf(pod({ name: 'a', ports }), schema), {
    'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:ports': {} } } },
  });
});

test('a set is forgotten when thirty-two newer ones are known, even if it used to come after one of them', () => {
  const labels = { type: 'object', additionalProperties: { type: 'string' } } as const;
  const see = (name: string) => fieldsOf({ [name]: '' }, labels);
  const names = Array.from({ length: 32 }, (_, index) => `l${index}`);
  const [first] = names.map(see);
  assert.equal(see(names[0]!), first, 'as many as are known');
  see('newer');
  for (const name of names.slice(1)) see(name);
  assert.notEqual(see(names[0]!), first);
});
