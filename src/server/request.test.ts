import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributesOf, readTarget } from './request.ts';

const user = { username: 'u', groups: [] };
const shown = (method: string, url: string) => {
  const { verb, group, version, resource, subresource, namespace, name } = readTarget(method, url);
  return [verb, group, version, namespace, resource, name, subresource].join('|');
};

test('URLs of the API are read as verbs on resources', () => {
  const expected: [string, string, string][] = [
    ['GET', '/api/v1/pods', 'list||v1||pods||'],
    ['GET', '/api/v1/pods?watch=true', 'watch||v1||pods||'],
    ['GET', '/api/v1/pods?watch=false', 'list||v1||pods||'],
    ['GET', '/api/v1/namespaces/a/pods/b', 'get||v1|a|pods|b|'],
    ['POST', '/api/v1/namespaces/a/pods', 'create||v1|a|pods||'],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection||v1|a|pods||'],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/b/scale', 'patch|apps|v1|a|deployments|b|scale'],
    ['GET', '/api/v1/namespaces/a', 'get||v1|a|namespaces|a|'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update||v1|a|namespaces|a|finalize'],
    ['GET', '/api/v1/namespaces', 'list||v1||namespaces||'],
    ['GET', '/api/v1/nodes/n/proxy/stats/summary', 'get||v1||nodes|n|proxy'],
    ['OPTIONS', '/api/v1/namespaces/a/pods/b/proxy/', '||v1|a|pods|b|proxy'],
    ['GET', '/apis/apps/v1/namespaces/a/deployments/with%20space', 'get|apps|v1|a|deployments|with space|'],
  ];
  for (const [method, url, want] of expected) assert.equal(shown(method, url), want, `${method} ${url}`);
});

test('everything else is a path', () => {
  for (const url of ['/', '/api', '/apis', '/apis/apps', '/apis/apps/v1', '/api/v1', '/version', '/readyz?verbose']) {
    const target = readTarget('GET', url);
    assert.equal(target.isResource, false, url);
    assert.equal(attributesOf(user, target).nonResourcePath, target.path);
  }
});

test('streams are authorised as create, by whatever method they come', () => {
  for (const subresource of ['exec', 'attach', 'portforward'])
    assert.equal(attributesOf(user, readTarget('GET', `/api/v1/namespaces/a/pods/b/${subresource}`)).verb, 'create');
  assert.equal(attributesOf(user, readTarget('GET', '/api/v1/namespaces/a/pods/b/log')).verb, 'get');
});

test('to list or watch one name is authorised as that object, and nothing else is', () => {
  const named = (method: string, selector: string, more = '') => {
    const query = `fieldSelector=${encodeURIComponent(selector)}${more}`;
    return attributesOf(user, readTarget(method, `/api/v1/namespaces/a/secrets?${query}`)).name;
  };
  assert.equal(named('GET', 'metadata.name=b'), 'b');
  assert.equal(named('GET', 'metadata.name==system:b_1', '&watch=1'), 'system:b_1');
  for (const selector of ['metadata.name!=b', 'metadata.name=b,type=x', 'type=b', 'metadata.name=b\\,c'])
    assert.equal(named('GET', selector), '', selector);
  // A role that names objects would otherwise allow to create any.
  assert.equal(named('POST', 'metadata.name=b'), '');
  assert.equal(named('DELETE', 'metadata.name=b'), '');
});

test('what cannot be read is refused', () => {
  assert.throws(() => readTarget('GET', `/api/v1/pods?${'x'.repeat(40_000)}`), { code: 400 });
  assert.throws(() => readTarget('GET', '/api/v1/namespaces/%E0%A4%A/pods'), { code: 400 });
  assert.throws(() => readTarget('GET', '/api/v1/namespaces/a/pods/b/status/c'), { code: 404 });
  assert.throws(() => readTarget('PUT', '/api/v1/namespaces/a/finalize/c'), { code: 404 });
  assert.equal(readTarget('GET', '/api/v1/namespaces/a/pods/b/proxy/c/d').subresource, 'proxy');
  assert.throws(() => readTarget('BREW', '/api/v1/pods'), { code: 405 });
});
