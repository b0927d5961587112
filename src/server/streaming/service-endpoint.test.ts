import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsLookup } from '../testing/objects-lookup.ts';
import { readyEndpoint } from './service-endpoint.ts';

const lookup = objectsLookup();
lookup.put('pods', {
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace: 'a' } },
  status: { podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00::1' }] },
});

function reach(address: string, more: object, portName = '') {
  lookup.put('endpointslices.discovery.k8s.io', {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
    metadata: { name: 'web', namespace: 'a', labels: { 'kubernetes.io/service-name': 'web' } },
    ...{ ports: [{ name: '', port: 8080 }], endpoints: [{ addresses: [address], ...more }] },
  });
  return readyEndpoint(lookup, 'a', 'web', portName);
}

test('an endpoint is a pod of the namespace that is ready, by one of its own addresses', () => {
  const targetRef = { kind: 'Pod', name: 'one', namespace: 'a' };
  assert.deepEqual(reach('10.1.0.1', { targetRef }), { host: '10.1.0.1', port: 8080 });
  assert.deepEqual(reach('fd00::1', { targetRef, conditions: { ready: true } }), { host: 'fd00::1', port: 8080 });
  assert.equal(reach('10.1.0.1', { targetRef, conditions: { ready: false } }), undefined);
  assert.equal(reach('10.1.0.1', { targetRef }, 'other'), undefined);
});

test('an address that somebody wrote there is not asked', () => {
  const targetRef = { kind: 'Pod', name: 'one', namespace: 'a' };
  assert.equal(reach('10.1.0.1', {}), undefined);
  assert.equal(reach('192.168.0.1', { targetRef }), undefined);
  assert.equal(reach('10.1.0.1', { targetRef: { ...targetRef, kind: 'Node' } }), undefined);
  assert.equal(reach('10.1.0.1', { targetRef: { ...targetRef, name: 'two' } }), undefined);
});
