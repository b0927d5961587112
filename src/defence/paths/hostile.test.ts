import { join } from 'node:path';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { clusterRole, clusterRoleBinding, rule } from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import { exposureOf } from '../exposure/exposure.ts';
import { loadManifests } from '../manifests/load.ts';
import { judgeAdministration } from '../perimeter/administration/administration.ts';
import { readRightQuery } from '../perimeter/right-query.ts';
import { whoCan } from '../perimeter/who-can.ts';
import { plan } from '../plan/plan.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { soundSnapshot } from '../snapshot/sound.ts';
import { account, namespace, node, pod, secret } from '../testing/worlds.ts';
import { findPaths } from './paths.ts';
import { worstPaths } from './worst.ts';

const shop = loadManifests(join(import.meta.dirname, '../../../examples/shop/manifests')).objects.map(
  ({ object }) => object,
);
const ingress: Manifest = {
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace: 'shop', name: 'shop' } },
  spec: {
    tls: [{ hosts: ['a'] }],
    rules: [
      { host: 'a', http: { paths: [{ path: '/', backend: { service: { name: 'front', port: { number: 80 } } } }] } },
    ],
  },
};
const gateway: Manifest = {
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { namespace: 'shop', name: 'edge' } },
  spec: {
    listeners: [
      {
        name: 'web',
        port: 443,
        allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } },
      },
    ],
  },
};
const route: Manifest = {
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { namespace: 'shop', name: 'edge' } },
  spec: { parentRefs: [{ name: 'edge' }], hostnames: ['a'], rules: [{ backendRefs: [{ name: 'front', port: 80 }] }] },
};
const objects: Manifest[] = [
  ...[...shop, ingress, gateway, route, node('n1'), namespace('a'), clusterRole('all', [rule('*', '*', '*')])],
  ...[clusterRoleBinding('all', 'all', [account('shop', 'default'), { kind: 'User', name: 'anna' }])],
  ...[secret('kube-system', 'bootstrap-token-abc', { 'kubernetes.io/service-account.name': 'x' })],
  pod(
    'shop',
    'front-1',
    { volumes: [{ name: 'h', hostPath: { path: '/etc' } }], automountServiceAccountToken: true },
    '10.0.0.1',
  ),
];

const parts = { source: 'manifests', takenAtMs: 0, minor: 36 } as const;
const junk = fc.constantFrom<unknown>(null, 0, -1, true, '', 'x', '/', [], [null], [[]], {}, { a: null }, ['x'], [{}]);

/** Places in an object but for what every loader ensures. */
function placesIn(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = [...at, Array.isArray(value) ? Number(key) : key];
    const fixed = /^(apiVersion|kind|metadata)$/.test(place.join('.'));
    return [...(fixed ? [] : [place]), ...placesIn(inner, place)];
  });
}

function spoilt(object: Manifest, place: (string | number)[], value: unknown): Manifest {
  const copy = structuredClone(object);
  const parent = place.slice(0, -1).reduce<any>((inner, key) => inner[key], copy);
  parent[place.at(-1)!] = value;
  return copy;
}

const anySpoilt = fc
  .record({ which: fc.nat({ max: objects.length - 1 }), where: fc.nat(), value: junk, closed: fc.boolean() })
  .map(({ which, where, value, closed }) => {
    const places = placesIn(objects[which]!);
    if (places.length === 0) return { all: objects, closed };
    return {
      all: objects.map((object, at) => (at === which ? spoilt(object, places[where % places.length]!, value) : object)),
      closed,
    };
  });

test('whatever stands in one object, the others are judged', () => {
  fc.assert(
    fc.property(anySpoilt, ({ all, closed }) => {
      const snapshot = soundSnapshot(createSnapshot({ ...parts, closedByDefault: closed, unread: [], objects: all }));
      exposureOf(snapshot);
      judgeAdministration({ snapshot, endpoint: undefined, nowMs: 0 });
      whoCan(snapshot, readRightQuery('get', 'secrets', {}), { indirect: true });
      worstPaths(snapshot);
      findPaths(snapshot, 'internet', 'secrets', noObservations());
      plan(snapshot, noObservations(), { limit: 3, nowMs: 0 });
    }),
    { numRuns: 300 },
  );
});
