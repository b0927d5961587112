import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { may, must } from '../testing/objects.ts';
import { startServer, testAdmin } from '../testing/start.ts';

const server = await startServer();
after(() => server.stop());

const core = '/api/v1/namespaces/default/events';
const grouped = '/apis/events.k8s.io/v1/namespaces/default/events';
const regarding = { kind: 'Pod', namespace: 'default', name: 'web' };

test('an object written in one version is read, listed, changed and deleted in the other', async () => {
  const event = {
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'one' }, involvedObject: regarding },
    ...{ reason: 'Started', message: 'it runs', type: 'Normal', source: { component: 'test' } },
  };
  const made = await must(server, 'POST', core, event);
  const other = await must(server, 'GET', `${grouped}/one`);
  assert.equal(other.apiVersion, 'events.k8s.io/v1');
  assert.equal(other.note, 'it runs');
  assert.equal(other.regarding.name, 'web');
  assert.equal(other.metadata.resourceVersion, made.metadata.resourceVersion);
  const { items } = await must(server, 'GET', grouped);
  assert.deepEqual(
    items.map(({ apiVersion, metadata }: any) => [apiVersion, metadata.name]),
    [['events.k8s.io/v1', 'one']],
  );
  await must(server, 'PATCH', `${grouped}/one`, { metadata: { labels: { a: 'b' } } }, 'application/merge-patch+json');
  assert.deepEqual((await must(server, 'GET', `${core}/one`)).metadata.labels, { a: 'b' });
  // What an event tells is said once, for who speaks the newer version.
  assert.equal(
    (await may(server, 'PATCH', `${grouped}/one`, { note: 'no' }, 'application/merge-patch+json')).code,
    422,
  );
  await must(server, 'DELETE', `${grouped}/one`);
  assert.equal((await may(server, 'GET', `${core}/one`)).code, 404);
});

test('watches of both versions see a change, each in its own', async () => {
  const stop = new AbortController();
  const seen: Record<string, any[]> = { core: [], grouped: [] };
  const follow = (name: string, path: string) => {
    const onEvent = (event: any) => seen[name]!.push(event.object);
    return server.stream(testAdmin, { method: 'GET', path: `${path}?watch=1` }, onEvent, stop.signal);
  };
  const ended = [follow('core', core), follow('grouped', grouped)];
  await must(server, 'POST', grouped, {
    ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'two' }, regarding, note: 'hello' },
    ...{ reason: 'Seen', type: 'Normal', action: 'See', eventTime: '2026-01-01T00:00:00.000000Z' },
    ...{ reportingController: 'example.com/test', reportingInstance: 'test-1' },
  });
  for (let turn = 0; turn < 100 && (seen['core']!.length === 0 || seen['grouped']!.length === 0); turn++)
    await new Promise(setImmediate);
  stop.abort();
  await Promise.all(ended);
  assert.equal(seen['core']![0].message, 'hello');
  assert.equal(seen['core']![0].apiVersion, 'v1');
  assert.equal(seen['grouped']![0].note, 'hello');
});

test('a scaler of v1 is one of v2', async () => {
  const path = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  const scaleTargetRef = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' };
  const spec = { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 80 };
  const body = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web' }, spec };
  await must(server, 'POST', path('v1'), body);
  const newer = await must(server, 'GET', `${path('v2')}/web`);
  assert.equal(newer.spec.metrics[0].resource.target.averageUtilization, 80);
  assert.equal((await must(server, 'GET', `${path('v1')}/web`)).spec.targetCPUUtilizationPercentage, 80);
});
