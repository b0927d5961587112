import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ask } from '../testing/ask.ts';
import { startServer } from '../testing/start.ts';

const server = await startServer();
after(() => server.stop());

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

test('the old form lists versions, groups and resources', async () => {
  assert.deepEqual((await ask(server, '/api')).json.versions, ['v1']);
  const groups = (await ask(server, '/apis')).json.groups;
  assert.equal(groups.find(({ name }: any) => name === 'apps').preferredVersion.groupVersion, 'apps/v1');
  const { resources } = (await ask(server, '/api/v1')).json;
  const pods = resources.find(({ name }: any) => name === 'pods');
  assert.deepEqual(pods.shortNames, ['po']);
  const names = resources.map(({ name }: any) => name);
  for (const name of ['pods/exec', 'pods/eviction', 'pods/status', 'serviceaccounts/token', 'bindings'])
    assert.ok(names.includes(name), name);
  const apps = (await ask(server, '/apis/apps/v1')).json.resources;
  assert.equal(apps.find(({ name }: any) => name === 'deployments/scale').kind, 'Scale');
  assert.equal((await ask(server, '/apis/nonsense.example.com')).code, 404);
});

test('the aggregated form tells everything at once, names its type, and is not sent twice', async () => {
  const first = await ask(server, '/apis', { headers: { Accept: `${aggregatedType},application/json` } });
  assert.equal(first.headers['content-type'], aggregatedType);
  const apps = first.json.items.find(({ metadata }: any) => metadata.name === 'apps');
  const deployments = apps.versions[0].resources.find(({ resource }: any) => resource === 'deployments');
  assert.equal(deployments.scope, 'Namespaced');
  assert.ok(deployments.subresources.some(({ subresource }: any) => subresource === 'scale'));
  const etag = first.headers['etag']!;
  const again = await ask(server, '/apis', { headers: { Accept: aggregatedType, 'If-None-Match': etag } });
  assert.equal(again.code, 304);
  const core = await ask(server, '/api', { headers: { Accept: aggregatedType } });
  assert.equal(core.json.items[0].versions[0].version, 'v1');
  const older = aggregatedType.replace('v=v2', 'v=v2beta1');
  assert.match((await ask(server, '/api', { headers: { Accept: older } })).json.apiVersion, /v2beta1$/);
});

test('OpenAPI v3 is one document per group, under a hash, and names kinds and parameters', async () => {
  const { paths } = (await ask(server, '/openapi/v3')).json;
  const url = paths['apis/apps/v1'].serverRelativeURL;
  assert.match(url, /\?hash=[0-9A-F]{64}$/);
  const { json, headers } = await ask(server, url);
  assert.match(headers['cache-control']!, /immutable/);
  const patch = json.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'].patch;
  assert.ok(patch.parameters.some(({ name }: any) => name === 'fieldValidation'));
  const schema = json.components.schemas['io.k8s.api.apps.v1.Deployment'];
  assert.deepEqual(schema['x-kubernetes-group-version-kind'], [{ group: 'apps', version: 'v1', kind: 'Deployment' }]);
});

test('OpenAPI v3 says what a list answers, what a deletion takes, and that a quantity may be a number', async () => {
  const { json } = await ask(server, '/openapi/v3/api/v1');
  const schemas = '#/components/schemas/io.k8s.api';
  const answerOf = (path: string) => json.paths[path].get.responses[200].content['application/json'].schema.$ref;
  assert.equal(answerOf('/api/v1/namespaces/{namespace}/pods'), `${schemas}.core.v1.PodList`);
  assert.equal(answerOf('/api/v1/pods'), `${schemas}.core.v1.PodList`);
  assert.equal(answerOf('/api/v1/namespaces/{namespace}/pods/{name}'), `${schemas}.core.v1.Pod`);
  const { requestBody } = json.paths['/api/v1/namespaces/{namespace}/pods/{name}'].delete;
  assert.match(requestBody.content['application/json'].schema.$ref, /meta\.v1\.DeleteOptions$/);
  assert.equal(requestBody.required, undefined);
  const quantity = json.components.schemas['io.k8s.apimachinery.pkg.api.resource.Quantity'];
  assert.deepEqual(quantity, { oneOf: [{ type: 'number' }, { type: 'string' }] });
});

test('every reference of every document leads somewhere', async () => {
  const documents = ['/openapi/v2'];
  const { paths } = (await ask(server, '/openapi/v3')).json;
  for (const { serverRelativeURL } of Object.values<any>(paths)) documents.push(serverRelativeURL);
  for (const path of documents) {
    const { json, text } = await ask(server, path);
    const known = json.definitions ?? json.components.schemas;
    const references = new Set(
      [...text.matchAll(/"\$ref":"#\/(?:definitions|components\/schemas)\/([^"]+)"/g)].map(([, name]) => name!),
    );
    for (const name of references) assert.ok(known[name], `${path}: ${name}`);
  }
});

test('OpenAPI v2 is protobuf for those that take nothing else, as kubectl, and JSON for all others', async () => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const binary = await ask(server, '/openapi/v2', { headers: { Accept: accept } });
  assert.deepEqual([binary.code, binary.headers['content-type']], [200, accept.replace('@', '.')]);
  assert.match(binary.text, /io\.k8s\.api\.apps\.v1\.Deployment/);
  assert.equal((await ask(server, '/openapi/v2', { headers: { Accept: 'text/html' } })).code, 406);
  assert.equal(
    (await ask(server, '/openapi/v2', { headers: { Accept: `application/json, */*` } })).json.swagger,
    '2.0',
  );
});

test('version has integers, health has checks that can be asked for one by one', async () => {
  const { json } = await ask(server, '/version');
  assert.deepEqual([json.major, json.minor], ['1', '36']);
  assert.equal((await ask(server, '/livez')).text, 'ok');
  assert.match((await ask(server, '/readyz?verbose')).text, /\[\+\]store ok\n.*readyz check passed/s);
  assert.equal((await ask(server, '/readyz/store')).text, 'ok');
  assert.equal((await ask(server, '/readyz/nonsense')).code, 404);
  for (const path of ['/versions', '/livezero', '/metricsx', '/openapi', '/apiary'])
    assert.equal((await ask(server, path)).code, 404, path);
  const broken = await startServer();
  try {
    broken.engine.healthy = () => false;
    for (const path of ['/livez', '/readyz']) {
      const { code, text } = await ask(broken, path);
      assert.equal(code, 500);
      assert.match(text, /\[-\]store failed\n(live|ready)z check failed/);
      assert.equal((await ask(broken, `${path}?exclude=store`)).code, 200);
    }
  } finally {
    await broken.stop();
  }
});

test('metrics count requests by verb, resource and code', async () => {
  await ask(server, '/api/v1/namespaces/default/pods/nobody');
  const { text } = await ask(server, '/metrics');
  assert.match(
    text,
    /apiserver_request_total\{verb="GET",group="",version="v1",resource="pods",subresource="",code="404"\} 1/,
  );
  assert.match(text, /apiserver_current_inflight_requests/);
  assert.match(text, /nodejs_eventloop_lag_seconds/);
});

test('paths that do not exist are 404, and can only be read', async () => {
  assert.equal((await ask(server, '/nonsense')).code, 404);
  assert.equal((await ask(server, '/version', { method: 'POST' })).code, 405);
  assert.equal((await ask(server, '/api/v1/nonsense')).code, 404);
  assert.equal((await ask(server, `/api/v1/pods?x=${'y'.repeat(40_000)}`)).code, 400);
  assert.equal((await ask(server, '/api/v1/namespaces/%zz/pods')).code, 400);
});
