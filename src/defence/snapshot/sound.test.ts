import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Manifest } from '../contract.ts';
import { loadManifests } from '../manifests/load.ts';
import { createSnapshot } from './snapshot.ts';
import { soundSnapshot } from './sound.ts';

const of = (objects: Manifest[], source: 'manifests' | 'cluster' = 'manifests') =>
  soundSnapshot(createSnapshot({ source, closedByDefault: false, takenAtMs: 0, minor: 36, unread: [], objects }));

test('what is well formed stays, with every value that means something', () => {
  const { objects } = loadManifests(join(import.meta.dirname, '../../../examples/shop/manifests'));
  const snapshot = of(objects.map(({ object }) => object));
  assert.equal(snapshot.objects.length, objects.length);
  assert.deepEqual(snapshot.unread, []);
  const front = snapshot.get({ kind: 'Service', namespace: 'shop', name: 'front' });
  assert.equal(front!['spec'].ports[0].nodePort, 30080);
});

test('a wrong type leaves the object out and its kind unread; null is nothing', () => {
  const service = (spec: unknown, name: unknown = 'web'): Manifest =>
    ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec }) as Manifest;
  const snapshot = of([service({ ports: null }), service({ ports: 'all' }, 'wrong'), service({}, 7), service({}, '')]);
  assert.deepEqual(
    snapshot.of('Service').map(({ spec }) => spec),
    [{}],
  );
  const why = snapshot.whyUnread('Service')!;
  assert.match(why, /Service wrong: .*cannot unmarshal string/);
  assert.match(why, /it has no name/);
});

test('a NetworkPolicy that an API server refuses is left out; one that it takes stays as it is written', () => {
  const policy = (endPort: number): Manifest => ({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny' } },
    spec: { podSelector: {}, ingress: [{ ports: [{ port: 90, endPort }] }] },
  });
  const kind = 'NetworkPolicy.networking.k8s.io';
  const snapshot = of([policy(80)]);
  assert.deepEqual(snapshot.of(kind), []);
  assert.match(snapshot.whyUnread(kind)!, /NetworkPolicy deny: spec\.ingress\[0\]\.ports\[0\]/);
  const taken = { ...policy(99), metadata: { namespace: 'default', name: 'deny' } };
  assert.deepEqual(of([policy(99)]).objects, [taken], 'in the namespace that is meant');
});

test('of an object that stands twice and differs it is not known which one counts', () => {
  const role = (verbs: string[], metadata: object = {}): Manifest => ({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r', ...metadata } },
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs }],
  });
  const kind = 'Role.rbac.authorization.k8s.io';
  for (const twice of [role([]), role([], { namespace: 'default' })]) {
    const snapshot = of([role(['get']), twice]);
    assert.equal(snapshot.of(kind).length, 2);
    assert.match(snapshot.whyUnread(kind)!, /Role (default\/)?r: it stands here twice and differs/);
  }
  assert.equal(of([role(['get']), role(['get'])]).whyUnread(kind), undefined);
  assert.equal(of([role(['get']), role([], { namespace: 'other' })]).whyUnread(kind), undefined);
});

test('custom resources and what an API server sent stay as they are', () => {
  const route = {
    apiVersion: 'example.com/v1',
    kind: 'Route',
    metadata: { name: 'a' },
    spec: [null],
  } as unknown as Manifest;
  assert.equal(of([route]).objects[0], route);
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: null } as unknown as Manifest;
  assert.equal(of([pod], 'cluster').objects[0], pod);
});
