import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { ApiError } from '../status.ts';
import { decodeFields } from './decode.ts';
import { strictFindings, unfit } from './misfit.ts';
import { namesMax, parseJson, parseYaml, valuesMax } from './parse.ts';
import type { Schema } from './schema.ts';

const { schema } = kindOf('v1', 'Pod')!;
const deployments = kindOf('apps/v1', 'Deployment')!;
const mismatchOf = (value: unknown, of = schema) => decodeFields(of, value).mismatch;

test('unknown fields are named with their path and dropped', () => {
  const pod: any = { metadata: { nmae: 'x' }, spec: { foo: 1, containers: [{ name: 'a', constructor: 1 }] } };
  const { unknown } = decodeFields(schema, pod);
  assert.deepEqual(unknown, ['metadata.nmae', 'spec.foo', 'spec.containers[0].constructor']);
  assert.deepEqual(pod, { metadata: {}, spec: { containers: [{ name: 'a' }] } });
  assert.deepEqual(strictFindings(unknown.slice(1, 2), ['spec.foo', 'spec.bar']), [
    'unknown field "spec.foo"',
    'duplicate field "spec.bar"',
  ]);
});

test('a value of a wrong type is refused in the words of upstream', () => {
  const wrong: [unknown, string][] = [
    [{ spec: { containers: 'x' } }, 'string into Go struct field PodSpec.spec.containers of type []v1.Container'],
    [{ spec: { hostNetwork: 'yes' } }, 'string into Go struct field PodSpec.spec.hostNetwork of type bool'],
    [{ metadata: [] }, 'array into Go struct field Pod.metadata of type v1.ObjectMeta'],
    [{ spec: { priority: 2 ** 31 } }, 'number 2147483648 into Go struct field PodSpec.spec.priority of type int32'],
  ];
  for (const [value, message] of wrong) assert.equal(mismatchOf(value), `cannot unmarshal ${message}`);
  const mismatch = mismatchOf({ spec: { replicas: '3' } }, deployments.schema)!;
  assert.equal(
    unfit('Deployment', 'v1', { mismatch }).message,
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field ' +
      'DeploymentSpec.spec.replicas of type int32',
  );
});

test('null is absent in fields and the zero value in lists and maps, as in Go', () => {
  const pod: any = {
    metadata: { labels: { a: null }, creationTimestamp: null },
    spec: { nodeName: null, containers: [null, { args: ['x', null] }] },
  };
  assert.deepEqual(decodeFields(schema, pod), { unknown: [], mismatch: undefined });
  assert.deepEqual(pod, { metadata: { labels: { a: '' } }, spec: { containers: [{}, { args: ['x', ''] }] } });
});

test('quantities and times take their canonical form', () => {
  const pod: any = {
    metadata: { creationTimestamp: '2026-01-01T01:30:00.5+01:00' },
    spec: { containers: [{ resources: { limits: { cpu: 1, memory: '1024Mi' }, requests: { cpu: '0.5' } } }] },
  };
  assert.equal(mismatchOf(pod), undefined);
  assert.equal(pod.metadata.creationTimestamp, '2026-01-01T00:30:00Z');
  assert.deepEqual(pod.spec.containers[0].resources, {
    limits: { cpu: '1', memory: '1Gi' },
    requests: { cpu: '500m' },
  });
  const lease: any = { spec: { renewTime: '2026-01-01T01:00:00.100000+01:00' } };
  decodeFields(kindOf('coordination.k8s.io/v1', 'Lease')!.schema, lease);
  assert.equal(lease.spec.renewTime, '2026-01-01T00:00:00.100000Z');
});

test('what upstream’s types do not tell from nothing is gone, of required fields and custom resources nothing is', () => {
  const container = { name: '', args: [], volumeMounts: [{ name: 'a', readOnly: false }] };
  const pod: any = {
    metadata: { name: 'a', namespace: '', labels: {} },
    spec: { hostNetwork: false, nodeName: '', tolerations: [], priority: 0, containers: [container] },
  };
  assert.equal(mismatchOf(pod), undefined);
  assert.deepEqual(pod.metadata, { name: 'a' });
  // A pointer tells zero from nothing.
  assert.deepEqual(pod.spec, { priority: 0, containers: [{ name: '', volumeMounts: [{ name: 'a' }] }] });
  const custom: Schema = { type: 'object', properties: { a: { type: 'array', items: { type: 'string' } } } };
  const kept = { a: [] };
  decodeFields(custom, kept);
  assert.deepEqual(kept, { a: [] });
});

test('malformed quantities, times and base64 are refused', () => {
  const resources = (cpu: unknown) => ({ spec: { containers: [{ resources: { limits: { cpu } } }] } });
  for (const cpu of ['many', '1 ', {}, true]) assert.match(mismatchOf(resources(cpu)) ?? '', /quantities must match/);
  for (const time of ['', 'yesterday', '2026-13-01T00:00:00Z', '2026-01-01'])
    assert.match(mismatchOf({ metadata: { creationTimestamp: time } }) ?? '', /parsing time/);
  const leases = kindOf('coordination.k8s.io/v1', 'Lease')!;
  for (const renewTime of ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.1Z'])
    assert.match(mismatchOf({ spec: { renewTime } }, leases.schema) ?? '', /parsing time .*000000/);
  const secrets = kindOf('v1', 'Secret')!;
  assert.match(mismatchOf({ data: { a: 'not base64!' } }, secrets.schema) ?? '', /illegal base64/);
});

test('a key called __proto__ is data and changes no prototype', () => {
  const { value } = parseJson('{"metadata":{"labels":{"__proto__":null,"a":"b"}},"__proto__":{"x":1}}');
  const { unknown } = decodeFields(schema, value);
  assert.deepEqual(unknown, ['__proto__']);
  assert.deepEqual(Object.keys((value as any).metadata.labels), ['__proto__', 'a']);
  assert.equal(({} as any).x, undefined);
});

test('keys given twice are found, in escapes and lists too', () => {
  const text = '{"a":1,"b":{"c":[{"d":1},{"d":2,"\\u0064":3}]},"e":"\\"a\\":","a":2}';
  assert.deepEqual(parseJson(text).duplicates, ['b.c[1].d', 'a']);
  assert.deepEqual(parseJson('{"a":{"b":1},"c":{"b":2},"d":["a","a"]}').duplicates, []);
  assert.deepEqual(parseJson('{"a":1,"a":2}', false).duplicates, []);
});

test('YAML means what kubectl takes it for, with its duplicates', async () => {
  const { value, duplicates } = await parseYaml('a: 1\nb:\n  - c: yes\n    c: 010\n');
  assert.deepEqual(value, { a: 1, b: [{ c: 8 }] });
  assert.deepEqual((await parseYaml('a: on\nb: "on"\nc: 0o17\nd: 1.5\n')).value, { a: true, b: 'on', c: 15, d: 1.5 });
  assert.deepEqual(duplicates, ['b[0].c']);
});

test('YAML in braces is YAML, and what is neither is told what it lacks to be JSON', async () => {
  assert.deepEqual((await parseYaml('{"a": [1, 2,], b: {c: x},}')).value, { a: [1, 2], b: { c: 'x' } });
  await assert.rejects(parseYaml('{"a": '), /must be of type JSON/);
});

const rejects = (error: unknown) => error instanceof ApiError && error.reason === 'BadRequest';

test('documents that nest without end or grow by aliases are refused at once', async () => {
  assert.throws(() => parseJson('['.repeat(200) + ']'.repeat(200)), rejects);
  for (const deep of ['['.repeat(6e4), '{a: '.repeat(1e4), '- '.repeat(3e4), '? '.repeat(3e4)])
    await assert.rejects(parseYaml(deep), rejects);
  const indented = Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
  await assert.rejects(parseYaml(indented.slice(0, 60_000)), rejects);
  const bomb = (length: number) =>
    [`a: &a ${'x'.repeat(length)}`, ...['b', 'c'].map((name) => `${name}: &${name} [${'*@,'.repeat(8)}]`)]
      .join('\n')
      .replace(/\*@/g, (_, at: number, text: string) => (text.lastIndexOf('&c', at) < 0 ? '*a' : '*b'));
  assert.equal((await parseYaml(bomb(14_000))).duplicates.length, 0, '73 times the text are allowed');
  await assert.rejects(parseYaml(bomb(15_000)), /aliases make this YAML longer than 1048576 characters/);
  await assert.rejects(parseYaml('a: &a [b, *a]'), rejects);
  const indices = (count: number) => Array.from({ length: count }, (_, index) => index);
  const aliases = (count: number) =>
    [...indices(count).map((index) => `- &a${index} 1`), ...indices(count).map((index) => `- *a${index}`)].join('\n');
  assert.equal(((await parseYaml(aliases(20))).value as any).length, 40);
  await assert.rejects(parseYaml(aliases(21)), /at most 20 aliases/);
  const keys = indices(21)
    .map((index) => `- *a : ${index}`)
    .join('\n');
  await assert.rejects(parseYaml(`- &a x\n${keys}`), /at most 20 aliases/);
  let deepSchema: object = {};
  for (let depth = 0; depth < 200; depth++) deepSchema = { properties: { a: deepSchema } };
  const crd = { spec: { versions: [{ schema: { openAPIV3Schema: deepSchema } }] } };
  const definitions = kindOf('apiextensions.k8s.io/v1', 'CustomResourceDefinition')!;
  assert.throws(() => decodeFields(definitions.schema, crd), rejects);
});

const isTooLarge = (error: unknown) => error instanceof ApiError && error.reason === 'RequestEntityTooLarge';

test('a body has so many values and no more, however short they are', async () => {
  // The list, and the object around it.
  const list = (length: number) => `{"a":[${Array(length).fill('{}').join()}]}`;
  assert.equal((parseJson(list(valuesMax - 2)).value as any).a.length, valuesMax - 2);
  for (const parse of [parseJson, parseYaml]) await assert.rejects(async () => parse(list(valuesMax - 1)), isTooLarge);
  const text = JSON.stringify({ a: `${'[{,'.repeat(valuesMax)}"` });
  assert.equal(JSON.stringify(parseJson(text).value), text, 'what stands in a text is no value');
});

test('an object that a patch makes has as many values as one that is sent', () => {
  const roles = kindOf('rbac.authorization.k8s.io/v1', 'Role')!;
  const role = (verbs: number) => ({ rules: [{ verbs: Array(verbs).fill('get') }] });
  decodeFields(roles.schema, role(valuesMax - 3));
  assert.throws(() => decodeFields(roles.schema, role(valuesMax - 2)), isTooLarge);
});

test('maps and lists of named items have so many names and no more', () => {
  const labels = (length: number) => Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, 'v']));
  const ports = (length: number) => Array.from({ length }, (_, port) => ({ port }));
  const services = kindOf('v1', 'Service')!;
  decodeFields(services.schema, { metadata: { labels: labels(namesMax) }, spec: { ports: ports(namesMax) } });
  assert.throws(() => decodeFields(services.schema, { metadata: { labels: labels(namesMax + 1) } }), isTooLarge);
  assert.throws(() => decodeFields(services.schema, { spec: { ports: ports(namesMax + 1) } }), isTooLarge);
  // In a patch no schema says which objects are maps; managedFields name a list besides its items.
  parseJson(JSON.stringify({ data: labels(namesMax + 1) }));
  assert.throws(() => parseJson(JSON.stringify({ data: labels(namesMax + 2) })), isTooLarge);
  parseJson(JSON.stringify([Array(namesMax + 2).fill(0), labels(2), Array(namesMax).fill(labels(1))]));
});

test('a schema of a custom resource may keep null, and what it does not know beside what it knows', () => {
  const custom: Schema = {
    type: 'object',
    properties: {
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { size: { type: 'integer' } } },
      closed: { type: 'object', properties: { size: { type: 'integer', nullable: true } } },
      maybe: { type: 'array', items: { type: 'string', nullable: true } },
      each: { type: 'object', additionalProperties: { type: 'integer', nullable: true } },
    },
  };
  const value = {
    free: { size: 1, more: { a: [null] } },
    closed: { size: null, more: 1, constructor: 2 },
    maybe: [null, 'a'],
    each: { a: null },
  };
  const { unknown, mismatch } = decodeFields(custom, value);
  assert.deepEqual([unknown, mismatch], [['closed.more', 'closed.constructor'], undefined]);
  assert.deepEqual(value, {
    free: { size: 1, more: { a: [null] } },
    closed: { size: null },
    maybe: [null, 'a'],
    each: { a: null },
  });
  const wrongSize = decodeFields(custom, { free: { size: 'x', more: 1 } });
  assert.match(wrongSize.mismatch ?? '', /cannot unmarshal string into Go struct field free.size of type int64/);
  let deep: object = {};
  for (let depth = 0; depth < 2000; depth++) deep = { a: deep };
  assert.throws(() => decodeFields(custom, { free: { more: deep } }), rejects);
});

test('long YAML is refused before it is parsed, JSON of that length is not', async () => {
  const long = 'x'.repeat(64 * 1024);
  await assert.rejects(parseYaml(`a: ${long}`), isTooLarge);
  assert.deepEqual((await parseYaml(` {"a":"${long}"}`)).value, { a: long });
});

test('what is not JSON or YAML is a bad request', async () => {
  for (const text of ['', '{', 'nul', '{"a":}', '\u0000']) assert.throws(() => parseJson(text), rejects);
  await assert.rejects(parseYaml('a: [1'), rejects);
  await assert.rejects(parseYaml('a: b: c'), rejects);
});
