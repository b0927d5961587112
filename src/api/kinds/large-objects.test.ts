import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { decodeFields } from '../schema/decode.ts';
import { parseJson } from '../schema/parse.ts';

const named = { name: 'large', namespace: 'default' };
const many = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));

/** A schema of so many fields at each of so many levels. */
const schema = (fields: number, levels: number): object =>
  levels === 0
    ? { type: 'string', description: 'x'.repeat(150) }
    : {
        ...{ type: 'object', description: 'x'.repeat(150) },
        properties: Object.fromEntries(many(fields, (index) => [`field${index}`, schema(fields, levels - 1)])),
      };

/** The largest of what people and controllers write, none of which may meet a bound. */
const honest: [kind: string, object: object, bytesMin: number][] = [
  ['v1 ConfigMap', { metadata: named, data: { 'all.json': 'x'.repeat(2 ** 20) } }, 2 ** 20],
  [
    'v1 ConfigMap',
    { metadata: named, data: Object.fromEntries(many(9000, (index) => [`file-${index}`, 'x'.repeat(100)])) },
    900_000,
  ],
  [
    'discovery.k8s.io/v1 EndpointSlice',
    {
      ...{
        metadata: named,
        addressType: 'IPv4',
        ports: many(100, (index) => ({ name: `p${index}`, port: index + 1 })),
      },
      endpoints: many(1000, (index) => ({
        ...{ addresses: [`10.0.${index >> 8}.${index & 255}`], nodeName: 'n1', zone: 'a' },
        conditions: { ready: true, serving: true, terminating: false },
        hints: { forZones: [{ name: 'a' }] },
        targetRef: { kind: 'Pod', name: `web-${index}`, namespace: 'default', uid: 'd9607e19-f88f-11e6-a518' },
      })),
    },
    200_000,
  ],
  [
    'apiextensions.k8s.io/v1 CustomResourceDefinition',
    {
      metadata: { name: 'things.example.com' },
      spec: {
        ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' } },
        versions: many(2, (index) => ({
          ...{ name: `v${index + 1}`, served: true, storage: index === 0 },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: schema(7, 4) } } },
        })),
      },
    },
    2 ** 20,
  ],
];

for (const [of, object, bytesMin] of honest)
  test(`${of} of ${bytesMin} bytes is taken`, () => {
    const kind = kindOf(...(of.split(' ') as [string, string]))!;
    const text = JSON.stringify(object);
    assert.ok(text.length >= bytesMin, String(text.length));
    const value = parseJson(text).value as any;
    assert.deepEqual(decodeFields(kind.schema, value), { unknown: [], mismatch: undefined });
    kind.defaults(value);
    assert.deepEqual(kind.validate(value), []);
  });
