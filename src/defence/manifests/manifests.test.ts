import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDocuments } from './documents.ts';
import { loadManifests } from './load.ts';

const load = (text: string) => loadManifests('-', () => Buffer.from(text));

test('fields of every document of a file know their line', () => {
  const { objects } = load(
    '# c\napiVersion: v1\nkind: A\nmetadata: {name: a}\n---\nkind: B\napiVersion: v1\nmetadata:\n  name: b\n',
  );
  assert.deepEqual(
    objects.map(({ origin }) => [origin.lineOf([]), origin.lineOf(['metadata', 'name']), origin.lineOf(['spec', 'x'])]),
    [
      [2, 4, 2],
      [6, 9, 6],
    ],
  );
});

test('items of a List are objects with their own lines, in YAML and in JSON', () => {
  const list = { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'A', metadata: { name: 'a' } }] };
  const json = load(JSON.stringify(list, null, 2)).objects[0]!;
  assert.equal(json.object.kind, 'A');
  assert.equal(json.origin.lineOf(['metadata', 'name']), 9);
  const yaml = load('apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata: {name: a}\n');
  assert.equal(yaml.objects[0]!.origin.lineOf(['kind']), 5);
});

test('a custom resource whose kind ends like that of a list is an object', () => {
  const allowed = { apiVersion: 'example.com/v1', kind: 'AllowList', metadata: { name: 'a' }, items: [] };
  assert.deepEqual(
    load(JSON.stringify(allowed)).objects.map(({ object }) => object.kind),
    ['AllowList'],
  );
});

test('items that do not say what they are take it from their list, as with kubectl', () => {
  const kindsOf = (list: object) =>
    load(JSON.stringify(list)).objects.map(({ object }) => [object.apiVersion, object.kind]);
  const items = [{ metadata: { name: 'a' } }, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'b' } }];
  assert.deepEqual(kindsOf({ apiVersion: 'apps/v1', kind: 'DeploymentList', items }), [
    ['apps/v1', 'Deployment'],
    ['v1', 'Service'],
  ]);
  assert.deepEqual(kindsOf({ apiVersion: 'v1', kind: 'List', items }), [['v1', 'Service']]);
});

test('values mean what kubectl takes them for: old octals, yes and no, merge keys', () => {
  const value = readDocuments('a: 0444\nb: yes\nc: &x {d: 1}\ne: {<<: *x, f: "0444"}\n').documents[0]!.value;
  assert.deepEqual(value, { a: 292, b: true, c: { d: 1 }, e: { d: 1, f: '0444' } });
});

test('numbers that JSON does not have are refused with their line, as kubectl refuses them', () => {
  const { unreadable } = load('apiVersion: v1\nkind: A\nmetadata: {name: a}\nreplicas: .inf\n');
  assert.deepEqual(
    unreadable.map(({ line, why }) => [line, why]),
    [[4, 'a number that JSON does not have']],
  );
});

test('templates are not assessed, and what is no object says why', () => {
  const { objects, unassessed, unreadable } = load(
    'apiVersion: v1\nkind: A\nmetadata: {name: {{ .Values.a }}}\n---\na: 1\n---\n- 1\n',
  );
  assert.deepEqual([objects.length, unreadable.length], [0, 0]);
  assert.match(unassessed[0]!.why, /template/);
  assert.match(unassessed[1]!.why, /no apiVersion and kind/);
  assert.equal(unassessed[1]!.line, 5);
});

test('a template that reads as YAML is one all the same; templates of others, and remarks, are not', () => {
  const pod = (image: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: a} # {{ .Values.a }}\nspec: {image: '${image}'}\n`;
  for (const text of [
    '{{ .Values.image.repository }}:{{ .Values.image.tag }}',
    'x {{- include "a" . }}',
    '{{.Release.Name}}-a',
  ]) {
    const { objects, unassessed } = load(pod(text));
    assert.deepEqual([objects.length, unassessed[0]?.line], [0, 1], text);
    assert.match(unassessed[0]!.why, /^a template: render it first/);
  }
  for (const text of ['{{ $labels.pod }} is down', '{{ template "slack.title" . }}', '{{ .Labels.a }}'])
    assert.equal(load(pod(text)).objects.length, 1, text);
  const held = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {chart: "{{ .Values.a }}"}\n';
  assert.equal(load(held).objects.length, 1);
});

test('a kustomization is not assessed, with what renders it, also where only its name says what it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-kustomization-'));
  writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [a.yaml]\n');
  writeFileSync(join(folder, 'b.yaml'), 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n');
  try {
    const { objects, unassessed } = loadManifests(folder);
    assert.equal(objects.length, 0);
    for (const { why } of unassessed) assert.match(why, /^a kustomization: render it first/);
    assert.equal(unassessed.length, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const nested = (open: string, close: string, count: number) => open.repeat(count) + close.repeat(count);
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...[...'bcdefghij'].map((name, index) => {
    const previous = String.fromCharCode(97 + index);
    return `${name}: &${name} [${Array(9).fill(`*${previous}`).join(', ')}]`;
  }),
].join('\n');

for (const [name, text, error] of [
  ['aliases that multiply', bomb, /aliases stand for more than/],
  ['an alias inside its own anchor', 'a: &a [*a]', /inside its own anchor|has no anchor/],
  ['brackets without end', '['.repeat(100_000), /nested too deep/],
  ['deep JSON', nested('{"a":', '}', 50_000).replace(':}', ':1}'), /nested too deep/],
  ['deep YAML within the parser’s reach', nested('[', ']', 300), /nested more than 100 deep/],
  ['dashes without end', `${'- '.repeat(50_000)}x`, /nested too deep/],
  ['too many documents', '---\n'.repeat(20_001), /more than 20000 documents/],
  ['a key given twice', 'a: 1\na: 2', /unique/],
] as const)
  test(`${name}: a clear error, at once`, () => {
    const { broken, documents } = readDocuments(text);
    assert.equal(documents.length, 0);
    assert.match(broken[0]!.error, error);
  });

// Minutes when every key is held against every other one.
test('very many keys are held against each other in passing', { timeout: 20_000 }, () => {
  const merges = `a: &a {x: 1}\nb:\n${'  <<: *a\n'.repeat(40_000)}`;
  assert.deepEqual(readDocuments(merges).documents[0]!.value, { a: { x: 1 }, b: { x: 1 } });
  const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: &a${index} 1`);
  const [broken] = readDocuments([...keys, 'k7: 2'].join('\n')).broken;
  assert.deepEqual([broken!.line, /unique/.test(broken!.error)], [60_001, true]);
});

test('keys that are special to JavaScript stay plain keys', () => {
  const value = readDocuments('__proto__: {polluted: 1}\nconstructor: 2\n').documents[0]!.value as object;
  assert.deepEqual(Object.keys(value), ['__proto__', 'constructor']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('a folder is read in order, without links and without what is no manifest', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-load-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  const object = (name: string) => `apiVersion: v1\nkind: A\nmetadata: {name: ${name}}\n`;
  writeFileSync(join(folder, 'b.yml'), object('b'));
  writeFileSync(join(folder, 'a.yaml'), object('a'));
  writeFileSync(join(folder, 'node_modules', 'c.yaml'), object('c'));
  writeFileSync(join(folder, 'readme.md'), '#');
  symlinkSync('/etc/passwd', join(folder, 'd.yaml'));
  const { objects, unassessed } = loadManifests(folder);
  assert.deepEqual(
    objects.map(({ object }) => object.metadata.name),
    ['a', 'b'],
  );
  assert.match(unassessed[0]!.why, /links are not followed/);
  symlinkSync('..', join(folder, 'node_modules', 'link'));
  assert.equal(loadManifests(join(folder, 'node_modules', 'link')).objects.length, 2);
});

test('a path that is not there is a mistake that can be mended', () => {
  assert.throws(() => loadManifests('/nowhere/at/all'), /there is no such file or folder/);
});

test('a document begins at its first key, which is known without reading it again', () => {
  const texts = ['# a\n\na: 1\n', '---\n# b\nb: 1\n', '\n{\n "c": 1}', '{ d: 1 }', '\n[1,\n"e"]', '# nothing\n'];
  const begins = texts.map((text) => readDocuments(text).documents.map(({ lineOf }) => lineOf([])));
  assert.deepEqual(begins, [[3], [1, 3], [3], [1], [1], [1]]);
});

test('a file of a folder that is no text is told, and the others are read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-binary-'));
  try {
    writeFileSync(join(folder, 'a.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
    writeFileSync(join(folder, 'b.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: { name: b }\n');
    const { objects, unreadable } = loadManifests(folder);
    assert.deepEqual(
      [objects.map(({ object }) => object.metadata.name), unreadable.map(({ why }) => why)],
      [['b'], ['is not UTF-8 text']],
    );
    assert.throws(() => loadManifests(join(folder, 'a.yaml')), /a\.yaml: is not UTF-8 text/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
