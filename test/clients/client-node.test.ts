import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { startServer } from '../../src/server/testing/start.ts';
import { type Development, noKubectl, openNamespace, startDevelopment } from './development.ts';

/** Kubernetes' own client for JavaScript, as programs use it. It is not typed here: only tests install it. */
const library = '@kubernetes/client-node';
const installed = existsSync(join(import.meta.dirname, 'node_modules', library));
const missing = installed ? noKubectl : `${library} is not installed: npm test installs it`;

let k8s: any;
let config: any;
let core: any;
let cluster: Development;
before(async () => {
  if (missing) return;
  k8s = await import(library);
  cluster = await startDevelopment();
  await cluster.kubectl('create -f -', openNamespace('js'));
  config = new k8s.KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  core = config.makeApiClient(k8s.CoreV1Api);
});
after(() => cluster?.stop());

const namespace = 'js';
const configMap = (name: string, data = {}) => ({ metadata: { name, labels: { of: 'test' } }, data });

test('client-node: objects are created, listed in pages, replaced and deleted', { skip: missing }, async () => {
  for (const name of ['a', 'b', 'c']) await core.createNamespacedConfigMap({ namespace, body: configMap(name) });
  const labelSelector = 'of=test';
  const page = await core.listNamespacedConfigMap({ namespace, labelSelector, limit: 2 });
  assert.equal(page.items.length, 2);
  assert.ok(page.items[0].metadata.creationTimestamp instanceof Date);
  const rest = await core.listNamespacedConfigMap({ namespace, labelSelector, _continue: page.metadata._continue });
  assert.deepEqual(
    [...page.items, ...rest.items].map((item) => item.metadata.name),
    ['a', 'b', 'c'],
  );
  const body = { ...page.items[0], data: { changed: 'yes' } };
  const replaced = await core.replaceNamespacedConfigMap({ namespace, name: 'a', body });
  assert.deepEqual(replaced.data, { changed: 'yes' });
  await assert.rejects(core.replaceNamespacedConfigMap({ namespace, name: 'a', body }), { code: 409 });
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector });
  await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'a' }), { code: 404 });
});

test('client-node: every kind of patch, and server-side apply with its conflict', { skip: missing }, async () => {
  await core.createNamespacedConfigMap({ namespace, body: configMap('patched', { a: '1' }) });
  const patch = (body: unknown, strategy: string, more = {}) =>
    core.patchNamespacedConfigMap(
      { namespace, name: 'patched', body, ...more },
      k8s.setHeaderOptions('Content-Type', strategy),
    );
  const { JsonPatch, MergePatch, StrategicMergePatch, ServerSideApply } = k8s.PatchStrategy;
  assert.equal((await patch([{ op: 'replace', path: '/data/a', value: '2' }], JsonPatch)).data.a, '2');
  assert.equal((await patch({ data: { a: '3' } }, MergePatch)).data.a, '3');
  assert.equal((await patch({ data: { a: '4' } }, StrategicMergePatch)).data.a, '4');
  const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { a: '5' } };
  await assert.rejects(patch(applied, ServerSideApply, { fieldManager: 'js' }), { code: 409 });
  assert.equal((await patch(applied, ServerSideApply, { fieldManager: 'js', force: true })).data.a, '5');
});

test('client-node: a generic client applies any kind', { skip: missing }, async () => {
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  const labels = { app: 'generic' };
  const deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'generic', namespace } },
    spec: {
      ...{ replicas: 1, selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x' }] } },
    },
  };
  const manager = [undefined, undefined, 'js', true, k8s.PatchStrategy.ServerSideApply];
  const applied = await objects.patch(deployment, ...manager);
  assert.equal(applied.spec.template.spec.restartPolicy, 'Always');
  assert.equal((await objects.read(deployment)).metadata.uid, applied.metadata.uid);
  await objects.delete(deployment);
});

test('client-node: a watch tells what happens, and its end', { skip: missing }, async () => {
  const events: string[] = [];
  const ended = Promise.withResolvers<unknown>();
  await new k8s.Watch(config).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { labelSelector: 'of=test', fieldSelector: 'metadata.name=watched', timeoutSeconds: 2, allowWatchBookmarks: true },
    (type: string, object: any) => events.push(`${type} ${object.metadata.name}`),
    ended.resolve,
  );
  await core.createNamespacedConfigMap({ namespace, body: configMap('watched') });
  await core.createNamespacedConfigMap({ namespace, body: configMap('other') });
  await core.deleteNamespacedConfigMap({ namespace, name: 'watched' });
  await ended.promise;
  assert.deepEqual(events, ['ADDED watched', 'DELETED watched']);
});

test('client-node: an informer lists again when its history was compacted', { skip: missing }, async () => {
  // In process, as a compaction cannot be asked for over the wire.
  const server = await startServer();
  const kubeconfig = join(cluster.folder, 'compacted');
  await server.writeKubeconfig(kubeconfig);
  const other = new k8s.KubeConfig();
  other.loadFromFile(kubeconfig);
  const secrets = other.makeApiClient(k8s.CoreV1Api);
  const create = (name: string) =>
    secrets.createNamespacedSecret({ namespace: 'default', body: { metadata: { name } } });
  const { metadata } = await create('first');
  await server.engine.compact(Number(metadata.resourceVersion));
  let lists = 0;
  const informer = k8s.makeInformer(other, '/api/v1/namespaces/default/secrets', async () => {
    const page = await secrets.listNamespacedSecret({ namespace: 'default' });
    if (lists++ === 0) page.metadata.resourceVersion = '1';
    return page;
  });
  const seen = Promise.withResolvers<void>();
  informer.on('add', (secret: any) => secret.metadata.name === 'second' && seen.resolve());
  await informer.start();
  await create('second');
  await seen.promise;
  assert.ok(lists > 1, 'a revision that is gone makes it list again');
  await informer.stop();
  await server.stop();
});

test('client-node: of two that take a Lease one wins', { skip: missing }, async () => {
  const leases = config.makeApiClient(k8s.CoordinationV1Api);
  const body = {
    metadata: { name: 'leader' },
    spec: { holderIdentity: 'one', leaseDurationSeconds: 15, renewTime: new k8s.V1MicroTime() },
  };
  const made = await leases.createNamespacedLease({ namespace, body });
  const take = (holderIdentity: string) =>
    leases.replaceNamespacedLease({
      ...{ namespace, name: 'leader' },
      body: { ...made, spec: { ...made.spec, holderIdentity, renewTime: new k8s.V1MicroTime() } },
    });
  const results = await Promise.allSettled([take('one'), take('two')]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const lost = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  assert.equal(lost.reason.code, 409);
});

test('client-node: a command in a container that cannot be reached fails with a reason', {
  skip: missing,
}, async () => {
  await core.createNamespacedPod({
    namespace,
    body: { metadata: { name: 'closed' }, spec: { containers: [{ name: 'main', image: 'x' }] } },
  });
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const exec = new k8s.Exec(config).exec(namespace, 'closed', 'main', ['true'], output, output, null, false);
  await assert.rejects(exec, (error: any) => /Unexpected server response: (503|400)/.test(error.message));
  await assert.rejects(
    new k8s.Exec(config).exec(namespace, 'absent', 'main', ['true'], output, output, null, false),
    (error: any) => /Unexpected server response: 404/.test(error.message),
  );
});
