import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deployment, deployments, may, must, pod, pods } from '../testing/objects.ts';
import { startServer, type TestServer } from '../testing/start.ts';

let server: TestServer;
before(async () => {
  server = await startServer({
    extensions: {
      issueToken: async ({ serviceAccount, request }) => ({
        ...request,
        status: { token: `for ${serviceAccount.metadata.name}`, expirationTimestamp: '2030-01-01T00:00:00Z' },
      }),
    },
  });
});
after(() => server.stop());

const mergePatch = 'application/merge-patch+json';

test('scale reads and writes the replicas of any kind that has them', async () => {
  await must(server, 'POST', deployments, deployment('scaled', 2));
  const path = `${deployments}/scaled/scale`;
  const before = await must(server, 'GET', path);
  assert.equal(before.kind, 'Scale');
  assert.equal(before.spec.replicas, 2);
  assert.equal(before.status.selector, 'app=scaled');
  const put = await must(server, 'PUT', path, { ...before, spec: { replicas: 5 } });
  assert.equal(put.spec.replicas, 5);
  const patched = await must(server, 'PATCH', path, { spec: { replicas: 6 } }, mergePatch);
  assert.equal(patched.spec.replicas, 6);
  const { spec, metadata } = await must(server, 'GET', `${deployments}/scaled`);
  assert.equal(spec.replicas, 6);
  assert.equal(metadata.generation, 3);
  assert.equal((await may(server, 'PUT', path, { ...before, spec: { replicas: 1 } })).code, 409);
  assert.equal((await may(server, 'PATCH', path, { spec: { replicas: -1 } }, mergePatch)).code, 422);
  assert.equal((await may(server, 'GET', `${pods}/x/scale`)).code, 404);
});

test('status takes its annotations along, but neither labels nor spec', async () => {
  const made = await must(server, 'POST', deployments, deployment('reported', 1));
  const change = {
    metadata: { annotations: { seen: 'yes' }, labels: { app: 'other' } },
    ...{ spec: { replicas: 7 }, status: { replicas: 1 } },
  };
  const patched = await must(server, 'PATCH', `${deployments}/reported/status`, change, mergePatch);
  assert.deepEqual(patched.metadata.annotations, { seen: 'yes' });
  assert.deepEqual(patched.metadata.labels, made.metadata.labels);
  assert.deepEqual([patched.spec.replicas, patched.status.replicas], [1, 1]);
});

test('a pod is bound to a node once', async () => {
  await must(server, 'POST', pods, pod('bound'));
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'bound' },
    target: { kind: 'Node', name: 'n1' },
  };
  await must(server, 'POST', `${pods}/bound/binding`, binding);
  const { spec, status } = await must(server, 'GET', `${pods}/bound`);
  assert.equal(spec.nodeName, 'n1');
  assert.equal(status.conditions.find(({ type }: any) => type === 'PodScheduled').status, 'True');
  assert.equal((await may(server, 'POST', `${pods}/bound/binding`, binding)).code, 409);
  await must(server, 'POST', pods, pod('bound-2'));
  const collection = '/api/v1/namespaces/default/bindings';
  await must(server, 'POST', collection, { ...binding, metadata: { name: 'bound-2' } });
  assert.equal((await must(server, 'GET', `${pods}/bound-2`)).spec.nodeName, 'n1');
});

test('who writes a status may annotate the object, but not where upstream keeps metadata apart', async () => {
  const marked = { metadata: { annotations: { marked: 'yes' }, finalizers: ['example.com/held'] }, status: {} };
  const spec = { defaultBackend: { service: { name: 'web', port: { number: 80 } } } };
  const ingresses = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'marked' }, spec };
  await must(server, 'POST', ingresses, ingress);
  const { metadata } = await must(server, 'PATCH', `${ingresses}/marked/status`, marked, mergePatch);
  assert.deepEqual([metadata.annotations, metadata.finalizers], [{ marked: 'yes' }, undefined]);
  const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
  const attachment = {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name: 'plain' } },
    spec: { attacher: 'example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv' } },
  };
  await must(server, 'POST', attachments, attachment);
  const plain = { ...marked, status: { attached: false } };
  const answer = await must(server, 'PATCH', `${attachments}/plain/status`, plain, mergePatch);
  assert.equal(answer.metadata.annotations, undefined);
});

const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const eviction = (name: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });

async function runningPod(name: string, app: string): Promise<void> {
  await must(server, 'POST', pods, pod(name, { nodeName: 'n1' }, { labels: { app } }));
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await must(server, 'PATCH', `${pods}/${name}/status`, { status }, mergePatch);
}

test('an eviction spends a disruption of its budget, and is refused with the cause when there is none left', async () => {
  const selector = { matchLabels: { app: 'evicted' } };
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'one' } };
  await must(server, 'POST', budgets, { ...budget, spec: { selector, minAvailable: 1 } });
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  };
  await must(server, 'PATCH', `${budgets}/one/status`, { status }, mergePatch);
  await runningPod('evicted-1', 'evicted');
  await runningPod('evicted-2', 'evicted');
  await must(server, 'POST', `${pods}/evicted-1/eviction`, eviction('evicted-1'));
  const going = await must(server, 'GET', `${pods}/evicted-1`);
  assert.ok(going.metadata.deletionTimestamp);
  assert.ok(going.status.conditions.some(({ type }: any) => type === 'DisruptionTarget'));
  const spent = await must(server, 'GET', `${budgets}/one`);
  assert.equal(spent.status.disruptionsAllowed, 0);
  assert.deepEqual(Object.keys(spent.status.disruptedPods), ['evicted-1']);
  const refused = await may(server, 'POST', `${pods}/evicted-2/eviction`, eviction('evicted-2'));
  assert.equal(refused.code, 429);
  assert.equal(refused.body.details.causes[0].reason, 'DisruptionBudget');
});

test('an eviction of a pod that no budget protects is a delete', async () => {
  await runningPod('free', 'free');
  await must(server, 'POST', `${pods}/free/eviction`, {
    ...eviction('free'),
    deleteOptions: { gracePeriodSeconds: 0 },
  });
  assert.equal((await may(server, 'GET', `${pods}/free`)).code, 404);
});

test('what is bound, evicted or asked for has the types of the API', async () => {
  await runningPod('typed', 'typed');
  const evict = (deleteOptions: unknown) =>
    may(server, 'POST', `${pods}/typed/eviction`, { ...eviction('typed'), deleteOptions });
  for (const wrong of [{ gracePeriodSeconds: 'soon' }, { gracePeriodSeconds: -1 }, { dryRun: 'All' }, 'now'])
    assert.equal((await evict(wrong)).code, 400, JSON.stringify(wrong));
  assert.equal((await evict({ dryRun: ['Some'] })).code, 422);
  assert.equal((await evict({ propagationPolicy: 'Never' })).code, 422);
  await must(server, 'POST', pods, pod('unbound'));
  const metadata = { name: 'unbound', annotations: { number: 1 } };
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata, target: { kind: 'Node', name: 'n1' } };
  assert.equal((await may(server, 'POST', `${pods}/unbound/binding`, binding)).code, 400);
  const token = '/api/v1/namespaces/default/serviceaccounts/default/token';
  assert.equal((await may(server, 'POST', token, { spec: { audiences: 'a' } })).code, 400);
});

test('ephemeral containers are added by their subresource and change nothing else', async () => {
  const made = await must(server, 'POST', pods, pod('debugged'));
  const ephemeralContainers = [{ name: 'debugger', image: 'busybox' }];
  const path = `${pods}/debugged/ephemeralcontainers`;
  const wanted = { ...made, spec: { ...made.spec, nodeName: 'elsewhere', ephemeralContainers } };
  const { spec } = await must(server, 'PUT', path, wanted);
  assert.equal(spec.ephemeralContainers[0].name, 'debugger');
  assert.equal(spec.nodeName, undefined);
});

test('a token is asked for a service account and never stored', async () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await must(server, 'POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } });
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: ['a'] } };
  const { status, kind } = await must(server, 'POST', `${accounts}/robot/token`, request);
  assert.equal(kind, 'TokenRequest');
  assert.equal(status.token, 'for robot');
  assert.equal((await may(server, 'POST', `${accounts}/nobody/token`, request)).code, 404);
});

test('logs and streams of a pod without a node say so', async () => {
  await must(server, 'POST', pods, pod('homeless'));
  const log = await may(server, 'GET', `${pods}/homeless/log`);
  assert.equal(log.code, 400);
  assert.match(log.body.message, /does not have a host assigned/);
  assert.equal((await may(server, 'GET', `${pods}/homeless/log?container=nonsense`)).code, 400);
});

test('an unknown subresource does not exist', async () => {
  assert.equal((await may(server, 'GET', `${pods}/homeless/nonsense`)).code, 404);
  assert.equal((await may(server, 'PUT', `${pods}/homeless/binding`)).code, 405);
});
