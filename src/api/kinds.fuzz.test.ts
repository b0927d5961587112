import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from './api.ts';
import { apiVersionOf } from './kind.ts';
import { decodeFields } from './schema/decode.ts';
import type { Schema } from './schema/schema.ts';
import { tableColumns } from './table.ts';

/**
 * Whatever the schema allows, a client may send: half the fields missing, lists of empty objects, odd strings. Hooks may
 * find fault with it but never fail on it, which would be answered as an internal error.
 */
const strings = [
  '',
  'a',
  'web',
  '-',
  '10.0.0.0/8',
  '10.0.0.1',
  '50%',
  '1Gi',
  'x'.repeat(300),
  'In',
  'Exists',
  '__proto__',
];
const numbers = [0, 1, -1, 80, 65536, 2 ** 31 - 1];
const depthMax = 9;

function random(seed: number) {
  let state = seed >>> 0;
  return (bound: number) => {
    // Numerical Recipes' generator: the same objects on every run.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function generate(schema: Schema, next: (bound: number) => number, depth: number): unknown {
  if (schema.definition?.endsWith('.Quantity')) return ['100m', '1', '-5', '1Gi', '0'][next(5)];
  if (schema['x-kubernetes-int-or-string']) return next(2) === 0 ? numbers[next(6)] : strings[next(strings.length)];
  if (schema.format === 'date-time')
    return schema.definition?.endsWith('.MicroTime') ? '2026-01-01T00:00:00.000000Z' : '2026-01-01T00:00:00Z';
  if (schema.format === 'byte') return 'AAAA';
  switch (schema.type) {
    case 'object': {
      const object: Record<string, unknown> = {};
      if (depth > depthMax) return object;
      for (const [name, property] of Object.entries(schema.properties ?? {}))
        if (next(2) === 0) object[name] = next(12) === 0 ? null : generate(property, next, depth + 1);
      if (typeof schema.additionalProperties === 'object')
        for (let count = next(3); count > 0; count--)
          Object.defineProperty(object, strings[next(strings.length)]!, {
            value: generate(schema.additionalProperties, next, depth + 1),
            enumerable: true,
            configurable: true,
            writable: true,
          });
      return object;
    }
    case 'array':
      return Array.from({ length: next(3) }, () => (next(12) === 0 ? null : generate(schema.items!, next, depth + 1)));
    case 'integer':
    case 'number':
      return numbers[next(numbers.length)];
    case 'boolean':
      return next(2) === 0;
    case 'string':
      return strings[next(strings.length)];
    default:
      return {};
  }
}

/** Nothing is warned of before the object was found valid. */
const named = (object: any) => ({ ...object, metadata: { ...object.metadata, name: 'a' } });

test('no hook of any kind fails on what the schema allows', () => {
  for (const kind of kinds)
    for (let seed = 1; seed <= 30; seed++) {
      const make = (from: number) => {
        const object = generate(kind.schema, random(from), 0) as any;
        object.apiVersion = apiVersionOf(kind);
        object.kind = kind.kind;
        object.metadata ??= {};
        assert.equal(decodeFields(kind.schema, object).mismatch, undefined, kind.kind);
        object.metadata ??= {};
        return object;
      };
      const [object, old] = [make(seed), make(seed + 1000)];
      const where = `${apiVersionOf(kind)} ${kind.kind}, seed ${seed}`;
      assert.doesNotThrow(() => {
        for (const each of [object, old]) {
          kind.defaults(each);
          kind.validate(each);
          kind.warnings?.(named(each));
        }
        kind.prepareUpdate(object, old);
        kind.validate(object, old);
        kind.validateStatus(object, old);
        kind.warnings?.(named(object), named(old));
        for (const column of tableColumns(kind)) column.value(object, 0);
        for (const read of Object.values(kind.selectableFields)) read(object);
        if (kind.storedAs) kind.storedAs.fromStored(kind.storedAs.toStored(object));
        kind.prepareCreate(object);
      }, where);
    }
});
