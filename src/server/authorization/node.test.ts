import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '../../api/user.ts';
import { objectsLookup } from '../testing/objects-lookup.ts';
import { createAuthorization } from './authorization.ts';

const user = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
const lookup = objectsLookup();
const { authorize } = createAuthorization(lookup);

const pod = (name: string, nodeName: string, spec: object) =>
  lookup.put('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'a' },
    spec: { nodeName, ...spec },
  });

pod('mine', 'n1', {
  serviceAccountName: 'robot',
  imagePullSecrets: [{ name: 'pull' }],
  containers: [{ name: 'c', env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }] }],
  initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'settings' } }] }],
  volumes: [
    {
      name: 'v',
      projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'kube-root-ca.crt' } }] },
    },
    { name: 'data', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'scratch', ephemeral: {} },
  ],
});
pod('theirs', 'n2', {
  serviceAccountName: 'other',
  containers: [],
  volumes: [
    { name: 's', secret: { secretName: 'foreign' } },
    { name: 'd', persistentVolumeClaim: { claimName: 'theirs' } },
  ],
});
const claimRef = (name: string) => ({ spec: { claimRef: { namespace: 'a', name } } });
lookup.put('persistentvolumes', {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv1' },
  ...claimRef('claim'),
});
lookup.put('persistentvolumes', {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv2' },
  ...claimRef('theirs'),
});

const may = (verb: string, resource: string, name = '', more: Partial<Attributes> = {}) => {
  const asked = { user, verb, group: '', version: 'v1', resource, subresource: '', namespace: 'a', name, ...more };
  return authorize(asked).allowed;
};

test('a resource that is called as what every object has is none', () => {
  for (const resource of ['__proto__', 'constructor', 'toString']) assert.equal(may('get', resource, 'x'), false);
});

test('a node reads the secrets and config maps of its own pods, one by one', () => {
  for (const name of ['pull', 'env', 'projected']) assert.equal(may('get', 'secrets', name), true, name);
  for (const name of ['settings', 'kube-root-ca.crt']) assert.equal(may('watch', 'configmaps', name), true, name);
});

test('a node reads no secret of a pod elsewhere, lists none, writes none', () => {
  assert.equal(may('get', 'secrets', 'foreign'), false);
  assert.equal(may('get', 'secrets', 'pull', { namespace: 'b' }), false);
  assert.equal(may('list', 'secrets'), false);
  assert.equal(may('watch', 'secrets', 'pull'), true);
  assert.equal(may('watch', 'secrets', 'foreign'), false);
  assert.equal(may('update', 'secrets', 'pull'), false);
  assert.equal(may('get', 'secrets', 'pull', { user: { username: 'system:node:n1', groups: [] } }), false);
});

test('a node reaches claims, volumes and tokens of its own pods only', () => {
  assert.equal(may('get', 'persistentvolumeclaims', 'claim'), true);
  assert.equal(may('get', 'persistentvolumeclaims', 'mine-scratch'), true);
  assert.equal(may('get', 'persistentvolumeclaims', 'theirs'), false);
  assert.equal(may('get', 'persistentvolumes', 'pv1', { namespace: '' }), true);
  assert.equal(may('get', 'persistentvolumes', 'pv2', { namespace: '' }), false);
  assert.equal(may('create', 'serviceaccounts', 'robot', { subresource: 'token' }), true);
  assert.equal(may('create', 'serviceaccounts', 'other', { subresource: 'token' }), false);
  assert.equal(may('create', 'serviceaccounts', 'robot'), false);
});

test('a node sees and reports its own pods, Node and Lease, not those of others', () => {
  const own = { fieldSelector: 'spec.nodeName=n1', namespace: '' };
  assert.equal(may('list', 'pods', '', own), true);
  assert.equal(may('list', 'pods', '', { namespace: '' }), false);
  assert.equal(may('watch', 'pods', '', { ...own, fieldSelector: 'spec.nodeName=n2' }), false);
  assert.equal(may('list', 'pods', '', { ...own, fieldSelector: 'metadata.name!=x,spec.nodeName=n1' }), true);
  for (const fieldSelector of ['metadata.name!=x\\,spec.nodeName=n1', 'spec.nodeName!=n1'])
    assert.equal(may('list', 'pods', '', { ...own, fieldSelector }), false, fieldSelector);
  assert.equal(may('patch', 'pods', 'mine', { subresource: 'status' }), true);
  assert.equal(may('patch', 'pods', 'theirs', { subresource: 'status' }), false);
  assert.equal(may('create', 'pods', 'mine', { subresource: 'exec' }), false);
  assert.equal(may('patch', 'nodes', 'n1', { subresource: 'status', namespace: '' }), true);
  assert.equal(may('patch', 'nodes', 'n2', { subresource: 'status', namespace: '' }), false);
  assert.equal(may('delete', 'nodes', 'n1', { namespace: '' }), false);
  const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };
  assert.equal(may('update', 'leases', 'n1', lease), true);
  assert.equal(may('update', 'leases', 'n2', lease), false);
});

test('nodes may do what is the same for all, and nothing else', () => {
  assert.equal(may('watch', 'services', '', { namespace: '' }), true);
  assert.equal(may('get', 'runtimeclasses', 'x', { group: 'node.k8s.io', namespace: '' }), true);
  assert.equal(may('get', 'deployments', '', { group: 'apps' }), false);
});
