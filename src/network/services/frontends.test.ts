import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EndpointSlice, type Frontend, frontendsOf, type Service } from './frontends.ts';

const service = (spec: Service['spec'], status?: Service['status']): Service => ({
  metadata: { namespace: 'shop', name: 'web' },
  spec: { clusterIP: '10.96.0.5', ports: [{ name: 'http', port: 80 }], ...spec },
  status,
});
type Endpoints = NonNullable<EndpointSlice['endpoints']>;
const slice = (
  endpoints: Endpoints,
  ports: EndpointSlice['ports'] = [{ name: 'http', port: 8080 }],
): EndpointSlice => ({
  metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints,
  ports,
});
const here = (ip: string, conditions = {}) => ({ addresses: [ip], nodeName: 'n1', conditions });
const there = (ip: string, conditions = {}) => ({ addresses: [ip], nodeName: 'n2', conditions });
const backends = (frontend: Frontend | undefined) => frontend?.backends.map(({ ip, port }) => `${ip}:${port}`);

test('a cluster address leads to the ready endpoints, by the port name', () => {
  const slices = [
    slice([here('10.244.0.2'), here('10.244.0.3', { ready: false })]),
    slice(
      [there('10.244.1.2')],
      [
        { name: 'http', port: 9090 },
        { name: 'admin', port: 1 },
      ],
    ),
  ];
  const [frontend] = frontendsOf([service({})], slices, 'n1');
  assert.deepEqual(backends(frontend), ['10.244.0.2:8080', '10.244.1.2:9090']);
  assert.equal(frontend?.address, '10.96.0.5');
});

test('headless and ExternalName services take nothing in', () => {
  assert.deepEqual(frontendsOf([service({ clusterIP: 'None' })], [], 'n1'), []);
  assert.deepEqual(frontendsOf([service({ type: 'ExternalName', clusterIP: undefined })], [], 'n1'), []);
});

test('what is labelled as another proxy’s is not carried', () => {
  for (const label of ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']) {
    const labelled = service({});
    labelled.metadata.labels = { [label]: '' };
    assert.deepEqual(frontendsOf([labelled], [slice([here('10.244.0.2')])], 'n1'), []);
    const [own, others] = [slice([here('10.244.0.2')]), slice([here('10.244.0.3')])];
    others.metadata.labels![label] = '';
    assert.deepEqual(backends(frontendsOf([service({})], [own, others], 'n1')[0]), ['10.244.0.2:8080']);
  }
});

test('when nothing is ready, endpoints that still serve while they terminate are used', () => {
  const terminating = { ready: false, serving: true, terminating: true };
  const slices = (ready: boolean) => [slice([here('10.244.0.2', { ready }), here('10.244.0.3', terminating)])];
  assert.deepEqual(backends(frontendsOf([service({})], slices(true), 'n1')[0]), ['10.244.0.2:8080']);
  assert.deepEqual(backends(frontendsOf([service({})], slices(false), 'n1')[0]), ['10.244.0.3:8080']);
});

test('externalTrafficPolicy Local gives the outside only what is here, and insiders all', () => {
  const spec = {
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    ports: [{ name: 'http', port: 80, nodePort: 30080 }],
  };
  const frontends = frontendsOf([service(spec)], [slice([here('10.244.0.2'), there('10.244.1.2')])], 'n1');
  const node = frontends.find(({ address }) => address === undefined);
  assert.equal(node?.port, 30080);
  assert.deepEqual(backends(node), ['10.244.0.2:8080', '10.244.1.2:8080']);
  assert.deepEqual(node?.outside, [{ ip: '10.244.0.2', port: 8080 }]);
});

test('internalTrafficPolicy Local without an endpoint here drops, with none anywhere refuses', () => {
  const local = service({ internalTrafficPolicy: 'Local' });
  const [elsewhere] = frontendsOf([local], [slice([there('10.244.1.2')])], 'n1');
  assert.deepEqual([elsewhere?.backends, elsewhere?.localOnly], [[], true]);
  const [nowhere] = frontendsOf([local], [slice([])], 'n1');
  assert.deepEqual([nowhere?.backends, nowhere?.localOnly], [[], false]);
});

test('load balancer addresses take in what their source ranges allow; externalIPs are ignored', () => {
  const spec = { type: 'LoadBalancer', loadBalancerSourceRanges: ['203.0.113.0/24'], externalIPs: ['192.0.2.9'] };
  const status = { loadBalancer: { ingress: [{ ip: '198.51.100.7' }, { ip: '198.51.100.8', ipMode: 'Proxy' }] } };
  const frontends = frontendsOf([service(spec, status)], [slice([here('10.244.0.2')])], 'n1');
  assert.deepEqual(
    frontends.map(({ address }) => address),
    ['10.96.0.5', '198.51.100.7'],
  );
  assert.equal(frontends[0]?.sourceRanges, undefined);
  assert.equal(frontends[1]?.sourceRanges?.length, 1);
});

test('endpoints on loopback, link-local and multicast addresses are ignored', () => {
  const addresses = ['127.0.0.1', '169.254.169.254', '224.0.0.1', '0.0.0.0', 'fe80::1', 'nonsense'];
  const [frontend] = frontendsOf([service({})], [slice(addresses.map((ip) => here(ip)))], 'n1');
  assert.deepEqual(frontend?.backends, []);
});
