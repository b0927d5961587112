import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PatchOperation } from '../contract.ts';
import { check, render } from '../defence.ts';
import { spliceAll } from '../manifests/splice.ts';
import { editDocument } from './fix.ts';

/** Where a test may write a manifest. */
function fileOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-fix-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'manifest.yaml');
}

const careless = `# Who wrote this?
apiVersion: v1
kind: Pod
metadata:
  name: web   # three spaces
  labels: { app: web }
spec:
  # the host's processes
  hostPID: true
  containers:
  - name: web # the only one
    image: 'registry.example/web:1'
    securityContext:
      privileged: yes   # why?
      capabilities: {add: [SYS_ADMIN, NET_BIND_SERVICE]}
---
# A second document.
apiVersion: v1
kind: Widget
metadata: {name:   odd}
`;

test('--fix changes what is wrong and nothing else, comments and spaces included', async (context) => {
  const file = fileOf(context);
  writeFileSync(file, careless);
  const before = await check({ path: file, nowMs: 0 });
  const after = await check({ path: file, nowMs: 0 }, { fix: true });
  const text = readFileSync(file, 'utf8');
  const expected = careless
    .replace('hostPID: true', 'hostPID: false')
    .replace('privileged: yes ', 'privileged: false ')
    .replace('{add: [SYS_ADMIN, NET_BIND_SERVICE]}', '{add: [ NET_BIND_SERVICE ], drop: [ ALL ]}');
  const removedLines = expected.split('\n').filter((line) => !text.split('\n').includes(line));
  assert.deepEqual(
    removedLines.filter((line) => !line.includes('capabilities')),
    [],
  );
  assert.match(text, /capabilities: \{add: \[ ?NET_BIND_SERVICE ?\], drop: \[ ?ALL ?\]\}/);
  assert.ok(text.includes('runAsNonRoot: true'));
  assert.ok(after.failures.length < before.failures.length);
  assert.deepEqual(
    after.failures.filter(({ check }) => check.id.startsWith('pod-security/')),
    [],
  );
  assert.equal(after.fixes?.fixed[0]?.objects, 1);
});

test('a document with aliases is not changed, and says so, and no report promises it', async (context) => {
  for (const dashes of ['', '---\n']) {
    const text = `${dashes}a: &x { b: 1 }\nc: *x\n`;
    const edited = editDocument(text, [{ prefix: [], patch: [{ op: 'add', path: '/c/d', value: 2 }] }]);
    assert.match('why' in edited ? edited.why : '', /aliases/);
  }
  const file = fileOf(context);
  const promised = async (text: string) => {
    writeFileSync(file, text);
    return /--fix mends it/.test([...render(await check({ path: file, nowMs: 0 }), 'table')].join(''));
  };
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: &l {app: a}}\nspec:\n  containers: [{name: a}]\n';
  assert.equal(await promised(pod), true);
  assert.equal(await promised(`${pod}  nodeSelector: *l\n`), false);
});

test('what was written is read again, also where the document begins with dashes', () => {
  for (const dashes of ['', '---\n', '--- # on\n']) {
    const edit = (text: string, patch: PatchOperation) => editDocument(dashes + text, [{ prefix: [], patch: [patch] }]);
    assert.deepEqual(edit('add: ["on", X]\n', { op: 'remove', path: '/add/1' }), { text: `${dashes}add: ["on"]\n` });
    assert.deepEqual(edit('a: 1\n', { op: 'add', path: '/b', value: 'no' }), { text: `${dashes}a: 1\nb: "no"\n` });
    const nowhere = edit('a: 1\n', { op: 'add', path: '/b/c', value: 2 });
    assert.match('why' in nowhere ? nowhere.why : '', /does not apply/);
  }
});

test('a change reaches fields of the document only, not what all objects of the process share', () => {
  for (const path of ['/metadata/toString/reached', '/metadata/constructor/prototype/reached', '/a/length']) {
    const edited = editDocument('metadata: {}\na: [1]\n', [{ prefix: [], patch: [{ op: 'add', path, value: 1 }] }]);
    assert.match('why' in edited ? edited.why : '', /does not apply/, path);
  }
  assert.equal('reached' in Object.prototype.toString || 'reached' in Object.prototype, false);
});

test('a change is written below its neighbours, with their indentation', () => {
  const edit = (text: string, path: string, value: unknown) => {
    const edited = editDocument(text, [{ prefix: [], patch: [{ op: 'add', path, value }] }]);
    return 'text' in edited ? edited.text : edited.why;
  };
  assert.equal(
    edit('a:\n    b: 1 # one\n\nc: 2', '/a/d', { e: [1] }),
    'a:\n    b: 1 # one\n    d:\n      e:\n        - 1\n\nc: 2',
  );
  assert.equal(edit('a: { b: 1 }\n', '/a/c', 2), 'a: { b: 1, c: 2 }\n');
  assert.equal(edit('a: |\n  text\n', '/b', true), 'a: |\n  text\nb: true\n');
  assert.equal(edit('{"a":1}\n', '/b', 2), '{"a":1,"b":2}\n');
});

// A minute when every key is held against every other one.
test('a change of a document of very many keys is written at once', { timeout: 20_000 }, () => {
  const text = Array.from({ length: 80_000 }, (_, index) => `k${index}: 1\n`).join('');
  const { text: changed } = spliceAll(text, [{ keys: ['k79999'], op: 'replace', value: 2 }]);
  assert.equal(changed, text.replace('k79999: 1', 'k79999: 2'));
});

test('a document with a number that would lose its last digits is left to a person', () => {
  const patch = [{ op: 'add', path: '/list/-', value: 'x' }];
  for (const [number, isKept] of [
    ['9007199254740993', false],
    ['9007199254740991', true],
    ['"9007199254740993"', true],
  ] as const)
    for (const text of [`{"a":${number},"list":[]}`, `a: ${number}\nlist:\n- y\n`]) {
      const edited = editDocument(text, [{ prefix: [], patch }]);
      assert.equal('text' in edited && edited.text.includes(number), isKept, text);
      if (!isKept) assert.match('why' in edited ? edited.why : '', /more digits/);
    }
});

// Many minutes when the text is read anew for each change of each object.
test('all objects of a long List are mended in a few turns, each in its place', { timeout: 60_000 }, () => {
  const count = 1500;
  const item = (index: number, fields: string) =>
    `- kind: Pod # ${index}\n  spec:\n    containers: [{name: a}]\n${fields}    nodeName: n${index}\n`;
  const list = (fields: string) => Array.from({ length: count }, (_, index) => item(index, fields)).join('');
  const patch = [
    { op: 'replace', path: '/spec/hostPID', value: false },
    { op: 'remove', path: '/spec/hostIPC' },
    { op: 'add', path: '/spec/containers/0/tty', value: true },
  ];
  const edits = Array.from({ length: count }, (_, index) => ({ prefix: ['items', index], patch }));
  const edited = editDocument(`items:\n${list('    hostPID: true\n    hostIPC: true\n')}`, edits);
  const expected = list('    hostPID: false\n').replaceAll('{name: a}', '{name: a, tty: true}');
  assert.ok('text' in edited && edited.text === `items:\n${expected}`);
});

test('line endings stay what they are, and YAML in braces keeps its comments', () => {
  const patch = [
    { op: 'replace', path: '/spec/hostPID', value: false },
    { op: 'add', path: '/spec/securityContext', value: { runAsNonRoot: true } },
  ];
  const crlf = editDocument('spec:\r\n  hostPID: true # x\r\n  containers:\r\n  - name: a\r\n', [
    { prefix: [], patch },
  ]);
  assert.ok('text' in crlf);
  assert.match(crlf.text, /hostPID: false # x\r\n/);
  assert.equal(crlf.text.replaceAll('\r\n', '').includes('\n'), false);
  const braces = editDocument('{ spec: { hostPID: true }, # why\n  kind: Pod }\n', [{ prefix: [], patch }]);
  assert.ok('text' in braces, 'why' in braces ? braces.why : '');
  assert.match(braces.text, /^\{ spec: \{ hostPID: false, securityContext: .*# why\n {2}kind: Pod \}\n$/);
});

test('an old API version is replaced where nothing else changes with it', async (context) => {
  const file = fileOf(context);
  const cronJob = (more: string) =>
    'apiVersion: batch/v1beta1 # for now\nkind: CronJob\nmetadata: {name: a}\n' +
    `spec: {schedule: "@daily", ${more}jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: b}]}}}}}\n`;
  const ingress = 'apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: a}\n';
  writeFileSync(file, [cronJob(''), cronJob('unheardOf: 1, '), ingress].join('---\n'));
  await check({ path: file, nowMs: 0 }, { fix: true });
  const versions = readFileSync(file, 'utf8').match(/apiVersion: .*/g);
  assert.deepEqual(versions, [
    'apiVersion: batch/v1 # for now',
    'apiVersion: batch/v1beta1 # for now',
    'apiVersion: networking.k8s.io/v1beta1',
  ]);
});

test('a pod is kept on its node by the scheduler, and off the control plane', async (context) => {
  const file = fileOf(context);
  const pod = (more: string) =>
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  nodeName: n1\n' +
    '  tolerations: [{key: node-role.kubernetes.io/control-plane}, {key: gpu}]\n' +
    `${more}  containers: [{name: a, image: b}]\n`;
  const found = async (text: string) => {
    writeFileSync(file, text);
    const { failures } = await check({ path: file, nowMs: 0 }, { fix: true });
    const ids = failures.map(({ check: { id } }) => id);
    return ['node-name', 'control-plane-toleration'].filter((id) => ids.includes(id));
  };
  assert.deepEqual(await found(pod('')), []);
  const text = readFileSync(file, 'utf8');
  assert.match(text, /key: metadata\.name/);
  assert.match(text, /key: gpu/);
  assert.deepEqual(await found(pod('  affinity: {}\n')), ['node-name'], 'what is there may say something else');
});
