import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../contract.ts';
import { calico, clusterOf, namespace, node, pod } from '../testing/worlds.ts';
import { exposureOf } from './exposure.ts';

const service = (spec: object, more: object = {}): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'a', name: 'web', ...more } },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
});

const policy = (from: object[] | undefined): Manifest => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'a', name: 'web' } },
  spec: { podSelector: {}, ingress: from === undefined ? [] : [{ from }] },
});

const nodes = [
  { ...node('n1'), status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } },
  { ...node('n2'), status: { addresses: [{ type: 'InternalIP', address: '10.0.0.2' }] } },
];
const ground = [calico, namespace('a'), ...nodes, pod('a', 'web', {}, '10.1.0.1')];
const entries = (objects: Manifest[], more = {}) =>
  exposureOf(clusterOf([...ground, ...objects], more)).entries.map(
    ({ type, at, reach, verdict, port }) => `${type} ${at} ${port} ${reach} ${verdict}`,
  );

test('each type of Service says where it is reached; a ClusterIP is not', () => {
  assert.deepEqual(entries([service({ type: 'ClusterIP' })]), []);
  assert.deepEqual(entries([service({ type: 'NodePort', ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] })]), [
    'NodePort any node:30080 8080 nodes open',
  ]);
  assert.deepEqual(entries([service({ type: 'ClusterIP', externalIPs: ['203.0.113.9'] })]), [
    'external IP 203.0.113.9:80 8080 internet open',
  ]);
  const balanced = { type: 'LoadBalancer', ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] };
  assert.deepEqual(entries([{ ...service(balanced), status: { loadBalancer: { ingress: [{ ip: '10.9.9.9' }] } } }]), [
    'LoadBalancer 10.9.9.9:80 8080 internal open',
    'NodePort any node:30080 8080 nodes open',
  ]);
  const annotations = { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' };
  assert.deepEqual(entries([service({ type: 'LoadBalancer' }, { annotations })]), [
    'LoadBalancer load balancer:80 8080 internal open',
  ]);
});

test('policies stop what they do not allow, and open to some addresses is open', () => {
  const balanced = service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  const at = 'LoadBalancer load balancer:80 8080';
  assert.deepEqual(entries([balanced, policy(undefined)]), [`${at} internal closed`]);
  assert.deepEqual(entries([balanced, policy([{ ipBlock: { cidr: '203.0.113.0/24' } }])]), [`${at} internet open`]);
  assert.deepEqual(entries([balanced, policy([{ ipBlock: { cidr: '10.0.0.0/8' } }])]), [`${at} internal open`]);
  const limited = service({ ...balanced['spec'], loadBalancerSourceRanges: ['198.51.100.0/24'] });
  assert.deepEqual(entries([limited, policy([{ ipBlock: { cidr: '203.0.113.0/24' } }])]), [`${at} internal closed`]);
});

test('where the node’s address may stand for the client’s, policies for nodes leave it open whether they stop it', () => {
  const nodesOnly = policy([{ ipBlock: { cidr: '10.0.0.0/24', except: ['10.0.0.3/32'] } }]);
  const masked = service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['203.0.113.0/24'] });
  assert.deepEqual(entries([masked, nodesOnly]), ['LoadBalancer load balancer:80 8080 internet not assessed']);
  const local = service({ ...masked['spec'], externalTrafficPolicy: 'Local' });
  assert.deepEqual(entries([local, nodesOnly]), ['LoadBalancer load balancer:80 8080 internal closed']);
});

test('ports of hosts, and pods on the network of their node', () => {
  const containers = (ports: object[]) => [{ name: 'main', ports }];
  const host = pod('a', 'host', { containers: containers([{ containerPort: 8080, hostPort: 80 }]) }, '10.1.0.2');
  const own = pod('a', 'own', { containers: containers([{ containerPort: 8080, hostPort: 81, hostIP: '127.0.0.1' }]) });
  const network = pod('a', 'network', { hostNetwork: true, containers: containers([{ containerPort: 9100 }]) });
  const silent = pod('a', 'silent', { hostNetwork: true, containers: containers([]) });
  assert.deepEqual(entries([host, own, network, silent]).sort(), [
    'host network its node undefined nodes not assessed',
    'host network its node:9100 9100 nodes open',
    'host port its node:80 8080 nodes open',
  ]);
  assert.deepEqual(entries([host, policy(undefined)]), ['host port its node:80 8080 internal closed']);
});

const ingress: Manifest = {
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace: 'a', name: 'shop' } },
  spec: {
    ingressClassName: 'nginx',
    tls: [{ hosts: ['shop.example'] }],
    rules: [
      {
        host: 'shop.example',
        http: { paths: [{ path: '/api', backend: { service: { name: 'web', port: { name: 'http' } } } }] },
      },
      { host: 'plain.example', http: { paths: [{ backend: { service: { name: 'gone', port: { number: 80 } } } }] } },
    ],
  },
};

test('an Ingress is reached through its proxy: policies must let that one in', () => {
  const web = service({ type: 'ClusterIP' });
  assert.deepEqual(entries([web, ingress]), ['Ingress https://shop.example/api 8080 internet open']);
  const others = policy([{ podSelector: { matchLabels: { app: 'ingress-nginx' } } }]);
  assert.deepEqual(entries([web, ingress, others]), ['Ingress https://shop.example/api 8080 internet not assessed']);
  const proxy = pod('a', 'ingress-nginx', {}, '10.1.0.9');
  assert.deepEqual(entries([web, ingress, others, proxy]), ['Ingress https://shop.example/api 8080 internet open']);
  assert.deepEqual(entries([web, ingress, policy(undefined), proxy]), [
    'Ingress https://shop.example/api 8080 internet closed',
  ]);
  const { notAssessed } = exposureOf(clusterOf([...ground, web, ingress]));
  assert.match(notAssessed[0]!, /Service a\/gone leads to no pod/);
});

test('nothing is closed where other policies decide, too, or nobody is seen to enforce any', () => {
  const balanced = service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  const other = (namespace?: string): Manifest => ({
    ...{ apiVersion: 'cilium.io/v2', kind: namespace ? 'CiliumNetworkPolicy' : 'CiliumClusterwideNetworkPolicy' },
    metadata: { name: 'x', ...(namespace && { namespace }) },
  });
  const at = 'LoadBalancer load balancer:80 8080';
  const shut = [balanced, policy(undefined)];
  assert.deepEqual(entries([...shut, other('a')]), [`${at} internet not assessed`]);
  assert.deepEqual(entries([...shut, other()]), [`${at} internet not assessed`]);
  assert.deepEqual(entries([...shut, other('b')]), [`${at} internal closed`]);
  assert.deepEqual(entries([balanced, other()]), [`${at} internet open`]);
  const proxy = pod('a', 'ingress-nginx', {}, '10.1.0.9');
  assert.deepEqual(entries([service({ type: 'ClusterIP' }), ingress, policy(undefined), proxy, other('a')]), [
    'Ingress https://shop.example/api 8080 internet not assessed',
  ]);
  const unenforced = exposureOf(clusterOf([...ground.slice(1), ...shut]));
  assert.equal(unenforced.entries[0]!.verdict, 'not assessed');
  assert.match(unenforced.notAssessed.join(), /whether anything enforces NetworkPolicies is not known/);
});

test('a class whose proxy is not known by its name is neither closed nor open by what policies let other proxies do', () => {
  const proxy = pod('a', 'ingress-nginx', {}, '10.1.0.9');
  const served = (controller: string): Manifest => ({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'nginx' }, spec: { controller } },
  });
  const shut = [service({ type: 'ClusterIP' }), ingress, policy(undefined), proxy];
  const at = 'Ingress https://shop.example/api 8080 internet';
  assert.deepEqual(entries([...shut, served('k8s.io/ingress-nginx')]), [`${at} closed`]);
  assert.deepEqual(entries([...shut, served('ingress.k8s.aws/alb')]), [`${at} not assessed`]);
  const others = policy([{ podSelector: { matchLabels: { app: 'ingress-nginx' } } }]);
  const open = [service({ type: 'ClusterIP' }), ingress, others, proxy];
  assert.deepEqual(entries([...open, served('k8s.io/ingress-nginx')]), [`${at} open`]);
  assert.deepEqual(entries([...open, served('ingress.k8s.aws/alb')]), [`${at} not assessed`]);
});

test('what proxies and meshes lead in by kinds of their own is told as not read', () => {
  const defined = (kind: string, group: string): Manifest => ({
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `x.${group}` } },
    spec: { group, names: { kind } },
  });
  const objects = [...ground, defined('VirtualService', 'networking.istio.io'), defined('Backup', 'velero.io')];
  const of = (closedByDefault: boolean) => exposureOf(clusterOf(objects, { closedByDefault })).notAssessed;
  const said = 'VirtualService.networking.istio.io: what its objects lead in is not read';
  assert.deepEqual(of(false), [said]);
  assert.ok(!of(true).includes(said), 'our own server serves no custom resources');
});

test('a route counts where its Gateway takes it and its Service may be referred to', () => {
  const gateway = (from: string): Manifest => ({
    ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { namespace: 'edge', name: 'edge' } },
    spec: { listeners: [{ name: 'web', port: 443, protocol: 'HTTPS', allowedRoutes: { namespaces: { from } } }] },
  });
  const route = (at: string): Manifest => ({
    ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { namespace: at, name: 'shop' } },
    spec: {
      ...{ hostnames: ['shop.example'], parentRefs: [{ name: 'edge', namespace: 'edge', sectionName: 'web' }] },
      rules: [{ backendRefs: [{ name: 'web', namespace: 'a', port: 80 }] }],
    },
  });
  const web = service({ type: 'ClusterIP' });
  const at = 'Gateway https://shop.example:443 8080 internet';
  assert.deepEqual(entries([web, gateway('All'), route('a')]), [`${at} open`]);
  assert.deepEqual(entries([web, gateway('Same'), route('a')]), [`${at} closed`]);
  assert.deepEqual(entries([web, gateway('All'), route('b')]), [`${at} closed`]);
  const grant: Manifest = {
    ...{
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: { namespace: 'a', name: 'b' },
    },
    spec: { from: [{ kind: 'HTTPRoute', namespace: 'b' }], to: [{ kind: 'Service', name: 'web' }] },
  };
  assert.deepEqual(entries([web, gateway('All'), route('b'), grant]), [`${at} open`]);
  const unread = (kind: string) => ({ unread: [{ kind: `${kind}.gateway.networking.k8s.io`, why: 'forbidden' }] });
  const notKnown = [`${at} not assessed`];
  assert.deepEqual(entries([web, gateway('All'), route('b')], unread('ReferenceGrant')), notKnown);
  assert.deepEqual(entries([web, gateway('All'), route('b')], { source: 'manifests' }), notKnown);
  assert.deepEqual(entries([web, gateway('Same'), route('a')], { source: 'manifests' }), [`${at} closed`]);
  const selecting = gateway('Selector');
  const matchLabels = { 'kubernetes.io/metadata.name': 'a' };
  selecting['spec'].listeners[0].allowedRoutes.namespaces.selector = { matchLabels };
  assert.deepEqual(entries([web, selecting, route('a')]), [`${at} open`]);
  assert.deepEqual(entries([web, route('a')]), [], 'there is no such Gateway');
  const lost = ['Gateway shop.example 8080 internet not assessed'];
  assert.deepEqual(entries([web, route('a')], unread('Gateway')), lost);
  assert.deepEqual(entries([web, route('a')], { source: 'manifests' }), lost);
  const { notAssessed } = exposureOf(clusterOf([...ground, web], unread('Gateway')));
  assert.ok(notAssessed.includes('Gateway.gateway.networking.k8s.io: forbidden'));
});

test('what leads elsewhere or was not read is told', () => {
  const objects = [...ground, service({ type: 'LoadBalancer', selector: undefined }, { name: 'elsewhere' })];
  const { entries: none, notAssessed } = exposureOf(
    clusterOf(objects, { unread: [{ kind: 'Ingress.networking.k8s.io', why: 'forbidden' }] }),
  );
  assert.deepEqual(none, []);
  assert.ok(notAssessed.some((text) => /no selector/.test(text)));
  const without = exposureOf(clusterOf([namespace('a'), service({ type: 'LoadBalancer' })]));
  assert.ok(without.notAssessed.includes('Service a/web: it leads to no pod that is known'));
  const range = { type: 'LoadBalancer', loadBalancerSourceRanges: ['::/0'] };
  assert.deepEqual(entries([service(range)]), ['LoadBalancer load balancer:80 8080 internet open']);
  assert.ok(notAssessed.includes('Ingress.networking.k8s.io: forbidden'));
});

test('on a cluster that is closed by default, only what is exposed on purpose is reached', () => {
  const closed = { closedByDefault: true };
  assert.deepEqual(entries([service({ type: 'ClusterIP', externalIPs: ['203.0.113.9'] })], closed), [
    'external IP 203.0.113.9:80 8080 internal closed',
  ]);
  const web = service({ type: 'ClusterIP' });
  assert.deepEqual(entries([web, ingress], closed), ['Ingress https://shop.example/api 8080 internet not assessed']);
});
