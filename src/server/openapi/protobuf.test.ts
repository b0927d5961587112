import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, cursor, fields, textOf } from '../protobuf/wire.ts';
import { encodeDocument } from './protobuf.ts';

/** The fields of a message by number, in order. */
function read(bytes: Buffer): Map<number, Buffer[]> {
  const found = new Map<number, Buffer[]>();
  for (const each of fields(cursor(bytes))) found.set(each.number, [...(found.get(each.number) ?? []), bytesOf(each)]);
  return found;
}
const only = (bytes: Buffer, ...numbers: number[]): Buffer =>
  numbers.reduce((inner, number) => read(inner).get(number)![0]!, bytes);

const gvk = [{ group: 'apps', version: 'v1', kind: 'Thing' }];
const thing = {
  type: 'object',
  required: ['a'],
  properties: {
    a: { type: 'array', items: { $ref: '#/definitions/Other' } },
    b: { description: 'How.', $ref: '#/definitions/Other', 'x-kubernetes-patch-strategy': 'merge' },
    c: { type: 'object', additionalProperties: { type: 'string' } },
  },
  'x-kubernetes-group-version-kind': gvk,
};

test('a definition keeps its type, its properties, its references, its text and its marks', () => {
  const info = { title: 'Kubernetes', version: 'v1' };
  const document = encodeDocument({ swagger: '2.0', info, definitions: { Thing: thing, Other: { type: 'string' } } });
  assert.equal(only(document, 1).toString(), '2.0');
  const [named, other] = read(only(document, 9)).get(1)!;
  assert.deepEqual([only(named!, 1).toString(), only(other!, 1).toString()], ['Thing', 'Other']);
  const schema = only(named!, 2);
  assert.equal(only(schema, 22, 1).toString(), 'object');
  assert.equal(only(schema, 19).toString(), 'a');
  assert.equal(only(schema, 31, 1).toString(), 'x-kubernetes-group-version-kind');
  assert.deepEqual(JSON.parse(only(schema, 31, 2, 2).toString()), gvk);
  const [a, b, c] = read(only(schema, 25))
    .get(1)!
    .map((property) => only(property, 2));
  assert.equal(only(a!, 23, 1, 1).toString(), '#/definitions/Other');
  assert.equal(only(b!, 1).toString(), '#/definitions/Other');
  assert.equal(only(b!, 4).toString(), 'How.');
  assert.equal(only(b!, 31, 1).toString(), 'x-kubernetes-patch-strategy');
  assert.equal(only(c!, 21, 1, 22, 1).toString(), 'string');
});

test('texts longer than 127 bytes keep their length', () => {
  const title = 'x'.repeat(20_000);
  const document = encodeDocument({ swagger: '2.0', info: { title, version: '' }, definitions: {} });
  const [first] = [...fields(cursor(only(document, 2)))];
  assert.equal(textOf(first!), title);
});
