import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../../api/api.ts';
import type { Entry } from '../../store/store.ts';
import { encode } from '../storage/codec.ts';
import { encodeBody } from './encode.ts';
import { negotiate } from './negotiate.ts';
import type { Shape } from './shapes.ts';

const kind = kindOf('v1', 'ConfigMap')!;
const entry = (name: string, length: number): Entry => {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { text: 'x'.repeat(length) } };
  return { key: name, value: encode(object), createRevision: 1, modRevision: 1 };
};
const shape = (accept: string): Shape => ({ format: negotiate(accept), includeObject: 'Metadata', nowMs: 0 });
const list = (...entries: Entry[]) => ({ form: 'list' as const, kind, entries, metadata: { resourceVersion: '1' } });

test('a long answer in YAML is JSON, which is YAML, and made of the stored bytes', async () => {
  const yaml = shape('application/yaml');
  const small = await encodeBody({ form: 'entry', kind, entry: entry('small', 10) }, yaml);
  assert.match(String(small.bytes), /^kind: ConfigMap\n/);
  const large = entry('large', 256 * 1024);
  const whole = await encodeBody({ form: 'entry', kind, entry: large }, yaml);
  assert.deepEqual([whole.contentType, whole.bytes], ['application/yaml', Buffer.from(large.value)]);
  const listed = await encodeBody(list(large, entry('small', 10)), yaml);
  assert.equal(listed.contentType, 'application/yaml');
  assert.equal(JSON.parse(Buffer.concat([...listed.pieces!]).toString()).items.length, 2);
  const value = await encodeBody({ form: 'value', value: { text: 'x'.repeat(256 * 1024) } }, yaml);
  assert.ok(JSON.parse(String(value.bytes)));
});

test('a table of large objects lets others have their turn', async () => {
  const table = shape('application/json;as=Table;v=v1;g=meta.k8s.io');
  const turnsDuring = async (...entries: Entry[]) => {
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const { bytes } = await encodeBody(list(...entries), table);
    done = true;
    assert.equal(JSON.parse(String(bytes)).rows.length, entries.length);
    return turns;
  };
  assert.equal(await turnsDuring(entry('a', 10), entry('b', 10)), 0);
  assert.ok((await turnsDuring(...['a', 'b', 'c'].map((name) => entry(name, 1024 * 1024)))) >= 3);
});
