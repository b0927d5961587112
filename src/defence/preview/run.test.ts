import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../../foundation/usage-error.ts';
import { startServer, type TestServer, testAdmin } from '../../server/testing/start.ts';
import type { ChangeWords } from './read-change.ts';
import { type PreviewOptions, previewOn } from './run.ts';
import { namespace, template } from './testing/cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-preview-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, ...objects: object[]): string => {
  const path = join(folder, name);
  writeFileSync(path, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  return path;
};
const noWords: ChangeWords = {
  ...{ files: [], deletes: false, removals: [], protections: [], podSecurity: [] },
};

const careless = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: template('web', 80, { containers: [{ name: 'c', image: 'c', securityContext: { privileged: true } }] }),
  },
};

async function startShop(): Promise<{
  server: TestServer;
  run(words: Partial<ChangeWords>, more?: Partial<PreviewOptions>): ReturnType<typeof previewOn>;
  get(path: string): Promise<any>;
}> {
  const server = await startServer();
  const at = '/apis/apps/v1/namespaces/shop/deployments';
  for (const [path, body] of [
    ['/api/v1/namespaces', namespace('shop', { 'pod-security.kubernetes.io/enforce': 'privileged' })],
    [at, careless],
  ] as const) {
    const { code, body: answer } = await server.call(testAdmin, { method: 'POST', path, body });
    assert.equal(code, 201, answer.message);
  }
  const kubeconfig = join(folder, `config-${server.url.split(':').at(-1)}`);
  await server.writeKubeconfig(kubeconfig);
  return {
    server,
    run: (words, more = {}) =>
      previewOn(
        { kubeconfig, nowMs: Date.parse('2026-01-02T03:04:05Z') },
        { words: { ...noWords, ...words }, format: 'table', colour: false, ...more },
      ),
    get: async (path) => (await server.call(testAdmin, { method: 'GET', path })).body,
  };
}

test('a level that breaks is not made without acceptance; accepted it is, says why, and is taken back', async () => {
  const { server, run, get } = await startShop();
  after(() => server.stop());
  const words = { podSecurity: ['shop=restricted'] };
  const told = await run(words);
  assert.equal(told.exitCode, 2);
  assert.match(
    told.text,
    /BREAKS \(1\)\n {4}template {2}Deployment shop\/web\n.*violates PodSecurity "restricted:v1\.36"/,
  );
  const undoFile = join(folder, 'undo.json');
  const refused = await run(words, { apply: { reason: undefined, undoFile } });
  assert.equal(refused.exitCode, 2);
  assert.match(refused.text, /Not made: 1 would break/);
  assert.equal(
    (await get('/api/v1/namespaces/shop')).metadata.labels['pod-security.kubernetes.io/enforce'],
    'privileged',
  );
  const made = await run(words, { apply: { reason: 'a window of maintenance', undoFile } });
  assert.equal(made.exitCode, 0);
  const { labels, annotations } = (await get('/api/v1/namespaces/shop')).metadata;
  assert.equal(labels['pod-security.kubernetes.io/enforce'], 'restricted');
  assert.equal(annotations['defence.rempart.io/accepted'], 'a window of maintenance');
  assert.equal(statSync(undoFile).mode & 0o777, 0o600);
  await assert.rejects(run(words, { apply: { reason: 'again', undoFile } }), /undo\.json: cannot be written \(EEXIST/);
  const undone = await run({}, { undo: undoFile });
  assert.match(undone.text, /Taken back/);
  const restored = (await get('/api/v1/namespaces/shop')).metadata;
  assert.equal(restored.labels['pod-security.kubernetes.io/enforce'], 'privileged');
  assert.equal(restored.annotations, undefined);
});

test('what the API server refuses breaks, and allowances are written as objects', async () => {
  const { server, run } = await startShop();
  after(() => server.stop());
  const bad = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'x', namespace: 'shop' },
    spec: { podSelector: {}, policyTypes: ['Sideways'] },
  };
  const told = await run({ files: [file('bad.json', bad)] });
  assert.equal(told.exitCode, 2);
  assert.match(told.text, /the API server refuses it: .*Sideways/);
  const allowances = join(folder, 'allow.yaml');
  await run({ podSecurity: ['shop=restricted'] }, { allowances });
  assert.match(readFileSync(allowances, 'utf8'), /kind: Deployment[\s\S]*allowPrivilegeEscalation: false/);
  const nowhere = join(allowances, 'below');
  await assert.rejects(run({ podSecurity: ['shop=restricted'] }, { allowances: nowhere }), (error: Error) => {
    assert.ok(error instanceof UsageError);
    return error.message.startsWith(`${nowhere}: cannot be written`);
  });
  const mended = await run({ podSecurity: ['shop=restricted'], files: [allowances] });
  assert.doesNotMatch(mended.text, /BREAKS/);
});

test('creating and removing are previewed, made and taken back', async () => {
  const { server, run, get } = await startShop();
  after(() => server.stop());
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'all', namespace: 'shop' },
    spec: { podSelector: {} },
  };
  const path = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/all';
  const [created, removed] = [join(folder, 'created.json'), join(folder, 'removed.json')];
  const words = { files: [file('policy.json', policy)] };
  const told = await run(words, { apply: { reason: undefined, undoFile: created } });
  assert.match(told.text, /connections: nobody watched them/);
  assert.match(told.text, /Not made: \d+ may break\. --accept/);
  assert.equal(told.exitCode, 3);
  assert.equal((await get(path)).code, 404, 'what nobody watched is not made without somebody who answers for it');
  await run(words, { apply: { reason: 'nothing runs yet', undoFile: created } });
  assert.equal((await get(path)).kind, 'NetworkPolicy');
  await run({ removals: ['netpol/shop/all'] }, { apply: { reason: undefined, undoFile: removed } });
  assert.equal((await get(path)).code, 404);
  await run({}, { undo: removed });
  assert.equal((await get(path)).kind, 'NetworkPolicy');
  await run({}, { undo: created });
  assert.equal((await get(path)).code, 404);
});

test('what is made in part says so, and how that is taken back', async () => {
  const { server, run, get } = await startShop();
  after(() => server.stop());
  const metadata = { name: 'half', namespace: 'shop' };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  const widget = { apiVersion: 'example.org/v1', kind: 'Widget', metadata };
  const policy = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata },
    spec: { podSelector: {}, policyTypes: ['Sideways'] },
  };
  const words = (...objects: object[]) => ({ files: [file('half-made.json', ...objects)] });
  const undoFile = join(folder, 'half.json');
  await assert.rejects(
    run(words(map, widget), { apply: { reason: 'a test', undoFile: join(folder, 'none.json') } }),
    /Widget shop\/half: the kind is not built in: make this change with kubectl$/,
  );
  assert.equal(existsSync(join(folder, 'none.json')), false);
  assert.equal((await get('/api/v1/namespaces/shop/configmaps/half')).code, 404);
  await assert.rejects(
    run(words(map, policy), { apply: { reason: 'a test', undoFile } }),
    /NetworkPolicy shop\/half: .*Sideways.* \(1 of 2 changes were made\)\. To take back what was made: rempart preview --undo .*half\.json$/,
  );
  assert.equal((await get('/api/v1/namespaces/shop/configmaps/half')).kind, 'ConfigMap');
  await run({}, { undo: undoFile });
  assert.equal((await get('/api/v1/namespaces/shop/configmaps/half')).code, 404);
});

test('manifests are previewed without a cluster, and cannot be changed', async () => {
  const path = file('cluster.json', namespace('shop'), careless);
  const words = { ...noWords, podSecurity: ['shop=baseline'] };
  const options = { words, format: 'json' as const, colour: false };
  const { text, exitCode } = await previewOn({ path, nowMs: 0 }, options);
  assert.equal(exitCode, 2);
  assert.equal(JSON.parse(text).impacts[0].subject.ref.name, 'web');
  await assert.rejects(
    previewOn({ path, nowMs: 0 }, { ...options, apply: { reason: undefined, undoFile: undefined } }),
    /need a cluster/,
  );
});

test('a manifest without a namespace and one that names default are the same object, whichever changes the other', async () => {
  const deployment = (app: string) => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: app } },
    spec: { selector: { matchLabels: { app } }, template: template(app, 80) },
  });
  const only = (metadata: object, ...ingress: object[]) => ({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'only', ...metadata } },
    spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress },
  });
  const allowing = { from: [{ podSelector: { matchLabels: { app: 'api' } } }] };
  for (const [there, changed] of [
    [{}, {}],
    [{}, { namespace: 'default' }],
    [{ namespace: 'default' }, {}],
  ] as const) {
    const path = file('placed.json', deployment('api'), deployment('db'), only(there, allowing));
    const words = { ...noWords, files: [file('cut.json', only(changed))] };
    const { text, exitCode } = await previewOn({ path, nowMs: 0 }, { words, format: 'table', colour: false });
    assert.match(text, /Deployment default\/api → Deployment default\/db .*can no longer connect/);
    assert.equal(exitCode, 3);
  }
});

test('a file that an API server would refuse is told as refused without one, too', async () => {
  const path = file('shop-alone.json', namespace('shop'));
  const policy = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace: 'shop' } },
    spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/99' } }] }] },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'shop' },
    spec: { ports: [] },
  };
  const words = { ...noWords, files: [file('refused.json', policy, service)] };
  const { text, exitCode } = await previewOn({ path, nowMs: 0 }, { words, format: 'table', colour: false });
  assert.equal(exitCode, 2);
  assert.match(text, /NetworkPolicy shop\/p\n +an API server refuses it: spec\.ingress\[0\]\.from\[0\]\.ipBlock\.cidr/);
  assert.match(text, /Service shop\/s\n +an API server refuses it: spec\.ports/);
});

test('what cannot be read as a change is wrong use', async () => {
  const path = file('some.json', namespace('shop'));
  const tries: [Partial<ChangeWords>, RegExp][] = [
    [{}, /nothing would change/],
    [{ files: [join(folder, 'absent')] }, /no such file/],
    [{ files: [file('unnamed.json', { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} })] }, /without metadata.name/],
    [{ files: [file('list.json', { no: 'object' })] }, /cannot be read as a whole/],
    [
      { files: [file('types.json', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 1 } })] },
      /types\.json:1 ConfigMap x: an API server refuses it: cannot unmarshal number/,
    ],
    [{ removals: ['nothing'] }, /KIND\/NAMESPACE\/NAME/],
    [{ removals: ['configmap/shop/absent'] }, /no such object/],
    [{ protections: ['pod-security'] }, /ID=MODE/],
    [{ protections: ['pod-security=strict'] }, /has no mode "strict": it may be restricted, baseline/],
    [{ files: [file('empty.yaml')] }, /empty\.yaml: there is no object in it, so nothing would change/],
    [{ podSecurity: ['shop=strict'] }, /NAMESPACE=LEVEL/],
    [{ podSecurity: ['away=baseline'] }, /no namespace away/],
  ];
  for (const [words, expected] of tries)
    await assert.rejects(
      previewOn({ path, nowMs: 0 }, { words: { ...noWords, ...words }, format: 'table', colour: false }),
      expected,
    );
  await assert.rejects(
    previewOn({ path, nowMs: 0 }, { words: noWords, format: 'table', colour: false, undo: path }),
    /need a cluster/,
  );
});

test('a namespace that could not be read is not one that there is not', async () => {
  const path = file('unread.json', { ...namespace('shop'), metadata: { name: 'shop', labels: { version: 1 } } });
  const words = { ...noWords, podSecurity: ['shop=baseline'] };
  await assert.rejects(
    previewOn({ path, nowMs: 0 }, { words, format: 'table', colour: false }),
    /namespaces could not be read: Namespace shop: cannot unmarshal/,
  );
});

test('a preview on files says which of them could not be read, and does not end as if all were well', async () => {
  const path = mkdtempSync(join(folder, 'part-'));
  writeFileSync(join(path, 'shop.json'), JSON.stringify(namespace('shop')));
  writeFileSync(join(path, 'broken.yaml'), 'a: [');
  const words = { ...noWords, podSecurity: ['shop=restricted'] };
  const { text, exitCode } = await previewOn({ path, nowMs: 0 }, { words, format: 'table', colour: false });
  assert.match(text, /Not assessed:\n +\S*broken\.yaml:1: /);
  assert.equal(exitCode, 3);
});

test('at the bounds: so many changes and so long a reason, and no more', async () => {
  const path = file('bounds.json', namespace('shop'));
  const maps = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `m${index}` },
    }));
  const list = (count: number) => file(`many-${count}.json`, { apiVersion: 'v1', kind: 'List', items: maps(count) });
  const on = (words: Partial<ChangeWords>, more: Partial<PreviewOptions> = {}) =>
    previewOn({ path, nowMs: 0 }, { words: { ...noWords, ...words }, format: 'json', colour: false, ...more });
  assert.equal(JSON.parse((await on({ files: [list(5000)] })).text).changes.length, 5000);
  await assert.rejects(on({ files: [list(5001)] }), /more than 5000 changes/);
  const reason = (length: number) => on({}, { apply: { reason: 'x'.repeat(length), undoFile: undefined } });
  await assert.rejects(reason(1025), /a reason of at most 1024/);
  await assert.rejects(reason(1024), /need a cluster/);
  await assert.rejects(reason(0), /a reason of at most 1024/);
});

test('a list of clients is no object of the API, and is not asked of the server', async () => {
  const { server, run } = await startShop();
  after(() => server.stop());
  const told = await run({}, { allowFrom: ['192.0.2.0/24'] });
  assert.equal(told.exitCode, 3);
  assert.match(told.text, /addresses of clients: nobody watched them/);
  const made = run({}, { allowFrom: ['0.0.0.0/0'], apply: { reason: undefined, undoFile: undefined } });
  await assert.rejects(made, /when the cluster starts: rempart up --allow-from/);
});

test('values of a Secret stand in no preview, and in the undo', async () => {
  const { server, run, get } = await startShop();
  after(() => server.stop());
  const secret = (value: string) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'shop' } },
    data: { key: Buffer.from(value).toString('base64') },
  });
  const path = '/api/v1/namespaces/shop/secrets';
  await server.call(testAdmin, { method: 'POST', path, body: secret('old') });
  const undoFile = join(folder, 'secret-undo.json');
  const words = { files: [file('secret.json', secret('new'))] };
  const told = await run(words, { apply: { reason: undefined, undoFile }, format: 'json' });
  assert.equal((await get(`${path}/s`)).data.key, secret('new').data.key);
  for (const value of ['old', 'new']) assert.doesNotMatch(told.text, new RegExp(secret(value).data.key));
  await run({}, { undo: undoFile });
  assert.equal((await get(`${path}/s`)).data.key, secret('old').data.key);
});
