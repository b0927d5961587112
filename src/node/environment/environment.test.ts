import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { testPod } from '../pods/testing/view.ts';
import { ConfigError } from '../security.ts';
import { type EnvironmentSources, environment } from './environment.ts';
import { expand } from './expand.ts';
import { fieldValue, resourceValue } from './field-ref.ts';
import { hostnameOf, hostsFile, parseResolvConf, podDns } from './host-names.ts';

const facts = {
  nodeName: 'node-1',
  hostIP: '192.0.2.1',
  podIPs: ['10.244.0.2', 'fd00::2'],
  allocatable: { cpuMilli: 1900, memoryBytes: 2 ** 30, ephemeralBytes: 2 ** 33 },
};
const service = (namespace: string, name: string, clusterIP: string, ports: object[]) =>
  ({ metadata: { namespace, name }, spec: { clusterIP, ports } }) as never;
const services = [
  service('default', 'kubernetes', '10.96.0.1', [{ name: 'https', port: 443 }]),
  service('shop', 'the-db', '10.96.0.7', [{ port: 5432, protocol: 'TCP' }]),
  service('shop', 'headless', 'None', [{ port: 1 }]),
];
const sources: EnvironmentSources = {
  configMap: async (_, name) => (name === 'settings' ? ({ data: { colour: 'green' } } as never) : undefined),
  secret: async (_, name) =>
    name === 'login' ? ({ data: { password: Buffer.from('hush').toString('base64') } } as never) : undefined,
  services: (namespace) => services.filter(({ metadata }: any) => metadata.namespace === namespace),
};

async function variables(container: object, spec: object = { enableServiceLinks: false }) {
  const all = await environment(testPod(spec), { name: 'main', ...container } as never, facts, sources);
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

test('expansion follows the rule for $(NAME), $$ and unknown names', () => {
  const values: Record<string, string> = { A: '1', B: '$(A)' };
  const cases: [string, string][] = [
    ['$(A)', '1'],
    ['x$(A)y$(A)', 'x1y1'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$(NO)', '$(NO)'],
    ['$(A', '$(A'],
    ['$', '$'],
    ['a$b', 'a$b'],
    ['$(B)', '$(A)'],
  ];
  for (const [text, expected] of cases)
    assert.equal(
      expand(text, (name) => values[name]),
      expected,
      text,
    );
  fc.assert(
    fc.property(fc.string(), (text) => expand(text.replaceAll('$', ''), () => 'x') === text.replaceAll('$', '')),
  );
});

test('env overrides envFrom, references earlier names, and reads every source', async () => {
  const found = await variables({
    envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'S_', secretRef: { name: 'login' } }],
    env: [
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'BOTH', value: '$(POD)/$(colour)/$(LATER)' },
      { name: 'LATER', value: 'x' },
      { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      { name: 'MAYBE', valueFrom: { secretKeyRef: { name: 'none', key: 'x', optional: true } } },
      { name: 'colour', value: 'red' },
    ],
  });
  assert.equal(found['S_password'], 'hush');
  assert.equal(found['BOTH'], 'web/green/$(LATER)');
  assert.equal(found['KEY'], 'green');
  assert.equal(found['SECRET'], 'hush');
  assert.equal('MAYBE' in found, false);
  assert.equal(found['colour'], 'red');
});

test('what is missing is named', async () => {
  const reference = (valueFrom: object) => variables({ env: [{ name: 'X', valueFrom }] });
  await assert.rejects(reference({ configMapKeyRef: { name: 'none', key: 'k' } }), /configmap "none" not found/);
  await assert.rejects(
    reference({ secretKeyRef: { name: 'login', key: 'k' } }),
    /couldn't find key k in secret shop\/login/,
  );
  await assert.rejects(reference({ fieldRef: { fieldPath: 'spec.containers' } }), ConfigError);
});

test('services appear as variables; without links only the API does', async () => {
  const linked = await variables({}, {});
  assert.equal(linked['THE_DB_SERVICE_HOST'], '10.96.0.7');
  assert.equal(linked['THE_DB_PORT_5432_TCP'], 'tcp://10.96.0.7:5432');
  assert.equal(linked['KUBERNETES_SERVICE_PORT_HTTPS'], '443');
  assert.equal('HEADLESS_SERVICE_HOST' in linked, false);
  const unlinked = await variables({});
  assert.equal(unlinked['KUBERNETES_SERVICE_HOST'], '10.96.0.1');
  assert.equal('THE_DB_SERVICE_HOST' in unlinked, false);
});

test('fields and resources of the downward API', () => {
  const resources = { limits: { memory: '64Mi' }, requests: { cpu: '250m' } };
  const containers = [{ name: 'main', resources }];
  const pod = testPod({ containers }, { labels: { a: '1', 'b/c': 'x"y' }, annotations: {} });
  const fields: [string, string][] = [
    ["metadata.labels['b/c']", 'x"y'],
    ["metadata.annotations['none']", ''],
    ['metadata.labels', 'a="1"\nb/c="x\\"y"'],
    ['metadata.uid', 'uid-1'],
    ['spec.nodeName', 'node-1'],
    ['spec.serviceAccountName', 'default'],
    ['status.podIPs', '10.244.0.2,fd00::2'],
    ['status.hostIP', '192.0.2.1'],
  ];
  for (const [path, expected] of fields) assert.equal(fieldValue(pod, path, facts), expected, path);
  const amounts: [string, string | undefined, string][] = [
    ['limits.memory', '1Mi', '64'],
    ['limits.memory', undefined, String(64 * 2 ** 20)],
    ['requests.cpu', undefined, '1'],
    ['requests.cpu', '1m', '250'],
    ['limits.cpu', '1m', '1900'],
    ['requests.memory', undefined, '0'],
  ];
  for (const [resource, divisor, expected] of amounts)
    assert.equal(resourceValue(pod, 'main', { resource, divisor }, facts), expected, resource);
});

test('the hosts file names the pod, its aliases and nothing of the node', () => {
  const hostAliases = [{ ip: '192.0.2.9', hostnames: ['old', 'older'] }];
  const pod = testPod({ subdomain: 'db', hostAliases });
  const text = hostsFile(pod, ['10.244.0.2'], 'cluster.local', 'unused');
  assert.match(text, /^# Kubernetes-managed hosts file\.\n/);
  assert.match(text, /^10\.244\.0\.2\tweb\.db\.shop\.svc\.cluster\.local\tweb$/m);
  assert.match(text, /^192\.0\.2\.9\told\tolder$/m);
  assert.match(hostsFile(testPod({ hostNetwork: true }), [], 'cluster.local', '1.2.3.4 node'), /1\.2\.3\.4 node/);
  assert.equal(hostnameOf(testPod({}, { name: `${'a'.repeat(62)}-b` })), 'a'.repeat(62));
});

test('dnsPolicy and dnsConfig decide the resolver', () => {
  const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' };
  const host = parseResolvConf('# x\nnameserver 192.0.2.53\nsearch lan corp\noptions timeout:1 rotate\n');
  const dns = (spec: object) => podDns(testPod(spec), cluster, host);
  assert.deepEqual(dns({}), {
    servers: ['10.96.0.10'],
    searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'lan', 'corp'],
    options: ['ndots:5'],
  });
  assert.deepEqual(dns({ dnsPolicy: 'Default' }), host);
  assert.deepEqual(dns({ hostNetwork: true }), host);
  assert.deepEqual(dns({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }).servers, ['10.96.0.10']);
  const dnsConfig = {
    nameservers: ['1.1.1.1'],
    searches: ['x'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  };
  assert.deepEqual(dns({ dnsPolicy: 'None', dnsConfig }), {
    servers: ['1.1.1.1'],
    searches: ['x'],
    options: ['ndots:2', 'edns0'],
  });
  assert.deepEqual(dns({ dnsConfig }).options, ['ndots:2', 'edns0']);
});
