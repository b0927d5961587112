import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { manualClock, systemClock } from '../../foundation/clock.ts';
import { createAuthorization } from '../authorization/authorization.ts';
import { master, pod, startDefended } from '../testing/defended.ts';
import { objectsLookup } from '../testing/objects-lookup.ts';
import { admissionPlugins } from './admission.ts';
import { eventRateLimit } from './event-rate-limit.ts';

const server = await startDefended();
after(() => server.stop());
const create = (path: string, object: object) => server.ask(master, 'POST', path, object);
const createPod = (object: object) => create('/namespaces/a/pods', object);

const authorization = createAuthorization(objectsLookup());
const listed = () =>
  admissionPlugins({ authorization, clock: systemClock, modeOf: () => undefined, plugins: () => [] }).map(
    ({ name }) => name,
  );

test('every plugin is in the list once, existence first and usage last', () => {
  const source = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .join('\n');
  const written = [...source.matchAll(/^ {2,4}name: '([A-Za-z]+)',$/gm)].map(([, name]) => name!);
  assert.deepEqual(listed().toSorted(), written.toSorted());
  assert.equal(listed()[0], 'NamespaceLifecycle');
  assert.equal(listed().at(-1), 'ResourceQuota');
});

test('what a mode switches off is off while it is, and on again afterwards', async () => {
  const modes: Partial<Record<string, string>> = {};
  const switched = await startDefended({ modeOf: (id) => modes[id] });
  const external = (name: string) =>
    switched.ask(master, 'POST', '/namespaces/a/services', {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
      spec: { ports: [{ port: 80 }], externalIPs: ['192.0.2.1'] },
    });
  const created = (name: string) => switched.ask(master, 'POST', '/namespaces/a/pods', pod(name));
  Object.assign(modes, { 'pod-security': 'privileged', seccomp: 'off', 'service-external-ips': 'off' });
  assert.equal((await external('open')).code, 201);
  assert.equal((await created('open')).body.spec.securityContext.seccompProfile, undefined);
  for (const id of Object.keys(modes)) delete modes[id];
  assert.match((await external('closed')).body.message, /Use of external IPs is denied/);
  assert.deepEqual((await created('closed')).body.spec.securityContext.seccompProfile, { type: 'RuntimeDefault' });
  modes['pod-security'] = 'privilegd';
  const misspelt = await switched.ask(master, 'POST', '/namespaces/a/pods', pod('bad', { hostPID: true }));
  assert.equal(misspelt.code, 403, 'a mode that nobody can read must close');
  await switched.stop();
});

test('observing external addresses refuses none and tells who claims some', async () => {
  const observing = await startDefended({ modeOf: (id) => (id === 'service-external-ips' ? 'observe' : undefined) });
  const { code, warnings } = await observing.ask(master, 'POST', '/namespaces/a/services', {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'claiming' } },
    spec: { ports: [{ port: 80 }], externalIPs: ['192.0.2.1'] },
  });
  assert.equal(code, 201);
  assert.match(warnings.join(), /would be refused \(service-external-ips\): it claims 192\.0\.2\.1/);
  await observing.stop();
});

test('observing pod security refuses nothing and tells everything', async () => {
  const observing = await startDefended({ modeOf: () => 'observe' });
  const object = pod('loose', { hostPID: true });
  const { code, warnings } = await observing.ask(master, 'POST', '/namespaces/a/pods', object);
  assert.equal(code, 201);
  assert.match(warnings.join(), /would violate PodSecurity "restricted:latest": host namespaces \(hostPID=true\)/);
  await observing.stop();
});

test('who registers a webhook or another API server is told that neither is asked', async () => {
  const hook = {
    name: 'a.example.org',
    clientConfig: { url: 'https://hooks.example.org/' },
    ...{ sideEffects: 'None', admissionReviewVersions: ['v1'] },
  };
  const registered = await server.ask(
    master,
    'POST',
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
      ...{ metadata: { name: 'guard' }, webhooks: [hook] },
    },
  );
  assert.equal(registered.code, 201);
  assert.match(registered.warnings.join(), /ValidatingWebhookConfiguration guard is stored, but .* calls no webhooks/);
  const service = (name: string, spec: object) =>
    server.ask(master, 'POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
      ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name } },
      spec: { group: name.slice(3), version: 'v1', groupPriorityMinimum: 100, versionPriority: 100, ...spec },
    });
  const other = await service('v1.metrics.example.org', { service: { namespace: 'a', name: 'metrics', port: 443 } });
  assert.match(other.warnings.join(), /asks no other API servers/);
  assert.deepEqual((await service('v1.local.example.org', {})).warnings, []);
});

test('a pod of a runtime class carries its overhead, selector and tolerations, and the class must exist', async () => {
  await server.make({
    ...{ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'kata' }, handler: 'kata' },
    overhead: { podFixed: { memory: '100Mi' } },
    scheduling: { nodeSelector: { kata: 'yes' }, tolerations: [{ key: 'kata', operator: 'Exists' }] },
  });
  const { body } = await createPod(pod('k', { runtimeClassName: 'kata' }));
  assert.deepEqual([body.spec.overhead, body.spec.nodeSelector], [{ memory: '100Mi' }, { kata: 'yes' }]);
  assert.ok(body.spec.tolerations.some(({ key }: { key: string }) => key === 'kata'));
  assert.equal((await createPod(pod('n', { runtimeClassName: 'kata', overhead: { memory: '102400Ki' } }))).code, 201);
  for (const more of [{ overhead: { memory: '1Ki' } }, { runtimeClassName: 'kata', overhead: { memory: '1Gi' } }])
    assert.match((await createPod(pod('o', more))).body.message, /spec.overhead .* is not what its RuntimeClass/);
  assert.match((await createPod(pod('l', { runtimeClassName: 'none' }))).body.message, /RuntimeClass "none" not found/);
  const clash = pod('m', { runtimeClassName: 'kata', nodeSelector: { kata: 'no' } });
  assert.match((await createPod(clash)).body.message, /conflict: runtimeClass.scheduling.nodeSelector\[kata\]/);
});

test('claims and ingresses get the default class, unless they say none', async () => {
  const metadata = (name: string, annotation: string) => ({ name, annotations: { [annotation]: 'true' } });
  await server.make(
    {
      ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'x' },
      metadata: metadata('fast', 'storageclass.kubernetes.io/is-default-class'),
    },
    {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', spec: { controller: 'x/y' } },
      metadata: metadata('web', 'ingressclass.kubernetes.io/is-default-class'),
    },
  );
  const claim = (name: string, more: object = {}) => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'a' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
  });
  const path = '/namespaces/a/persistentvolumeclaims';
  assert.equal((await create(path, claim('one'))).body.spec.storageClassName, 'fast');
  assert.equal((await create(path, claim('two', { storageClassName: '' }))).body.spec.storageClassName, '');
  const service = { name: 'web', port: { number: 80 } };
  const ingress = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'i', namespace: 'a' } },
    spec: { defaultBackend: { service } },
  };
  const made = await create('/apis/networking.k8s.io/v1/namespaces/a/ingresses', ingress);
  assert.equal(made.body.spec.ingressClassName, 'web');
});

test('a pod that asks for a device tolerates its nodes', async () => {
  const resources = { limits: { 'example.com/gpu': '1' }, requests: { 'example.com/gpu': '1' } };
  const { body } = await createPod(pod('gpu', {}, { resources }));
  assert.ok(body.spec.tolerations.some(({ key }: { key: string }) => key === 'example.com/gpu'));
});

test('events of one namespace are bounded, those of others go on, and time gives room again', () => {
  const clock = manualClock();
  const plugin = eventRateLimit(clock);
  const record = (namespace: string) =>
    plugin.validate!({ operation: 'CREATE', kind: { resource: 'events' }, namespace } as any);
  for (let count = 0; count < 1000; count++) record('a');
  assert.throws(() => record('a'), /too many events in namespace "a"/);
  record('b');
  clock.advance(1000);
  for (let count = 0; count < 50; count++) record('a');
  assert.throws(() => record('a'), /too many events/);
});
