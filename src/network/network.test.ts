import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../foundation/clock.ts';
import { createLog } from '../foundation/log.ts';
import { mustRun, runCommand } from './command.ts';
import { createNetwork, type Network, networkResources, removeNetwork } from './network.ts';
import {
  addByCni,
  hideNamespaces,
  isPrivate,
  missing,
  runInPrivateNetwork,
  startPod,
  startProcess,
  type TestPod,
} from './testing/machine.ts';
import { type MemoryCache, memoryCache } from './testing/memory-cache.ts';

if (!isPrivate)
  test('the network moves real packets as it should', { skip: missing() }, async () => {
    const { code, output } = await runInPrivateNetwork(import.meta.filename);
    assert.equal(code, 0, output);
  });
else realPackets();

const forwarding = '/proc/sys/net/ipv4/ip_forward';

function realPackets(): void {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'rempart-network-'));
  const caches = new Map<string, MemoryCache>(networkResources.map((resource) => [resource, memoryCache()]));
  const pods = new Map<string, TestPod>();
  let network: Network;
  const settings = {
    ...{ clusterId: 'test', nodeName: 'n1', stateDirectory, clusterDomain: 'cluster.local' },
    ...{ podCIDR: '10.244.0.0/24', clusterCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16' },
    ...{ dnsAddress: '10.96.0.10', gatewayAddress: '10.244.0.1', apiServiceAddress: '10.96.0.1' },
    ...{ apiAddress: '10.244.0.1', apiPort: 6443, upstreamServers: [{ address: '198.51.100.1', port: 5353 }] },
    ...{ cache: (resource: string) => caches.get(resource)!, clock: systemClock, log: createLog('network', 'warn') },
  };
  const pod = (name: string) => pods.get(name)!;
  const cache = (resource: string) => caches.get(resource)!;
  const object = (
    kind: string,
    namespace: string,
    name: string,
    rest: object = {},
    labels: Record<string, string> = {},
  ) => ({
    ...{ apiVersion: 'v1', kind, metadata: { namespace, name, uid: `${kind}-${namespace}-${name}`, labels }, ...rest },
  });

  async function addPod(
    namespace: string,
    name: string,
    labels = {},
    ready = true,
    container: object = {},
  ): Promise<TestPod> {
    const podObject = object(
      'Pod',
      namespace,
      name,
      { spec: { nodeName: 'n1', containers: [{ name: 'c', ...container }] }, status: {} },
      labels,
    );
    cache('pods').set(podObject);
    const conflist = await network.cniConfig();
    const started = await startPod(name, (netns) => addByCni(conflist, netns, name));
    pods.set(name, started);
    if (ready) await network.podNetworkReady(podObject, started.ip);
    cache('pods').set({ ...podObject, status: { podIP: started.ip, podIPs: [{ ip: started.ip }] } });
    await started.listen('tcp', 8080);
    await started.listen('udp', 8080, started.ip);
    return started;
  }

  function addService(
    namespace: string,
    name: string,
    clusterIP: string,
    targets: TestPod[],
    spec: object = {},
    port: object = {},
  ): void {
    cache('services').set(
      object('Service', namespace, name, {
        spec: {
          clusterIP,
          ports: ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 80, ...port })),
          ...spec,
        },
      }),
    );
    setEndpoints(namespace, name, targets);
  }

  function setEndpoints(namespace: string, name: string, targets: TestPod[]): void {
    const endpoints = targets.map(({ ip }) => ({ addresses: [ip], conditions: { ready: true }, nodeName: 'n1' }));
    const ports = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 8080 }));
    const labels = { 'kubernetes.io/service-name': name };
    cache('endpointslices.discovery.k8s.io').set(
      object('EndpointSlice', namespace, `${name}-1`, { endpoints, ports, addressType: 'IPv4' }, labels),
    );
  }

  /** Rules follow objects within milliseconds: asks until the answer fits. */
  async function eventually(expected: RegExp, ask: () => Promise<string>): Promise<void> {
    let answer = '';
    for (let attempt = 0; attempt < 40; attempt++) {
      answer = await ask();
      if (expected.test(answer)) return;
      await setTimeout(25);
    }
    assert.match(answer, expected);
  }

  before(async () => {
    await hideNamespaces();
    // A new network namespace takes this over from the machine.
    writeFileSync(forwarding, '0');
    await mustRun(runCommand, 'ip', ['link', 'set', 'lo', 'up']);
    network = createNetwork(settings);
    for (const name of ['shop', 'other', 'kube-system']) cache('namespaces').set(object('Namespace', '', name));
    cache('namespaces').set(object('Namespace', '', 'free', {}, { 'rempart.io/isolation': 'off' }));
    await network.start();
    // The outside: a machine behind the default route.
    await startPod('outside', async (netns) => {
      await mustRun(runCommand, 'ip', [
        'link',
        'add',
        'uplink',
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        netns.split('/').at(-1)!,
      ]);
      await mustRun(runCommand, 'ip', ['address', 'add', '198.51.100.254/24', 'dev', 'uplink']);
      await mustRun(runCommand, 'ip', ['link', 'set', 'uplink', 'up']);
      await mustRun(runCommand, 'ip', ['-n', 'outside', 'address', 'add', '198.51.100.1/24', 'dev', 'eth0']);
      await mustRun(runCommand, 'ip', ['-n', 'outside', 'link', 'set', 'eth0', 'up']);
      await mustRun(runCommand, 'ip', ['route', 'add', 'default', 'via', '198.51.100.1']);
      return '198.51.100.1';
    }).then((started) => pods.set('outside', started));
    await pod('outside').listen('tcp', 443);
    for (const name of ['front', 'db']) await addPod('shop', name, { app: name });
    await addPod('other', 'spy');
    await addPod('free', 'roamer');
    pods.set('node', startProcess('node', '198.51.100.254'));
    await pod('node').listen('tcp', 6443, '10.244.0.1');
    await pod('node').listen('tcp', 22);
  });

  after(async () => {
    await network.stop();
    for (const started of pods.values()) await started.end();
    rmSync(stateDirectory, { recursive: true, force: true });
  });

  test('pods of one namespace reach each other with their own addresses', async () => {
    assert.equal(await pod('front').ask('tcp', pod('db').ip, 8080), `db ${pod('front').ip}`);
    assert.equal(await pod('front').ask('udp', pod('db').ip, 8080), `db ${pod('front').ip}`);
  });

  test('a namespace is an island: others, the node and the outside are out of reach', async () => {
    assert.equal(await pod('spy').probe('tcp', pod('db').ip, 8080), 'timeout');
    assert.equal(await pod('roamer').probe('udp', pod('db').ip, 8080), 'timeout');
    assert.equal(await pod('front').probe('tcp', '198.51.100.1', 443), 'timeout');
    assert.equal(await pod('front').probe('tcp', '198.51.100.254', 22), 'timeout');
  });

  test('a namespace with isolation off reaches the outside, as the node', async () => {
    assert.equal(await pod('roamer').ask('tcp', '198.51.100.1', 443), 'outside 198.51.100.254');
  });

  test('an island reaches the API at its service address, from the node only pods may', async () => {
    assert.equal(await pod('front').ask('tcp', '10.96.0.1', 443), `node ${pod('front').ip}`);
    assert.equal(await pod('front').ask('tcp', '10.244.0.1', 6443), `node ${pod('front').ip}`);
    assert.equal(await pod('front').probe('tcp', '10.244.0.1', 22), 'timeout');
    assert.equal(await pod('roamer').probe('tcp', '10.244.0.1', 22), 'timeout', 'isolation off does not open the node');
    await mustRun(runCommand, 'ip', ['-n', 'outside', 'route', 'add', '10.244.0.0/16', 'via', '198.51.100.254']);
    assert.equal(await pod('outside').probe('tcp', '10.244.0.1', 6443), 'timeout');
    assert.equal(await pod('outside').probe('tcp', pod('front').ip, 8080), 'timeout');
  });

  test('the outside reaches neither pods nor service addresses, whatever routes it has', async () => {
    await mustRun(runCommand, 'ip', ['-n', 'outside', 'route', 'add', '10.96.0.0/16', 'via', '198.51.100.254']);
    assert.equal(await pod('outside').probe('tcp', '10.96.0.1', 443), 'timeout');
    assert.equal(
      await pod('outside').probe('tcp', pod('roamer').ip, 8080),
      `roamer 198.51.100.1`,
      'isolation off is off',
    );
  });

  test('the node reaches every pod: probes', async () => {
    assert.match(await pod('node').ask('tcp', pod('db').ip, 8080), /^db /);
    assert.match(await pod('node').ask('udp', pod('spy').ip, 8080), /^spy /);
  });

  test('a service spreads over its endpoints, from pods and from the node', async () => {
    addService('shop', 'web', '10.96.0.50', [pod('front'), pod('db')]);
    await eventually(/front|db/, () => pod('db').ask('tcp', '10.96.0.50', 80));
    for (const from of ['db', 'node'])
      for (const protocol of ['tcp', 'udp'] as const) {
        const answers = new Set<string | undefined>();
        for (let index = 0; index < 40; index++)
          answers.add((await pod(from).ask(protocol, '10.96.0.50', 80)).split(' ')[0]);
        assert.deepEqual([...answers].sort(), ['db', 'front'], `${protocol} from ${from}`);
      }
  });

  test('a service without endpoints refuses, as does an address that is no service', async () => {
    addService('shop', 'empty', '10.96.0.51', []);
    await eventually(/ECONNREFUSED/, () => pod('front').ask('tcp', '10.96.0.51', 80));
    assert.equal(await pod('node').ask('tcp', '10.96.0.51', 80), 'ECONNREFUSED');
    assert.equal(await pod('front').ask('tcp', '10.96.9.9', 80), 'ECONNREFUSED');
  });

  test('a service of another namespace ends at the island, whatever its address', async () => {
    assert.equal(await pod('spy').probe('tcp', '10.96.0.50', 80), 'timeout');
  });

  test('a node port opens an island to the outside, on that port only, and clients keep their address', async () => {
    addService('shop', 'edge', '10.96.0.52', [pod('front')], { type: 'NodePort' }, { nodePort: 30080 });
    await eventually(/front/, () => pod('outside').ask('tcp', '198.51.100.254', 30080));
    assert.equal(await pod('outside').ask('tcp', '198.51.100.254', 30080), 'front 198.51.100.1');
    assert.equal(await pod('outside').probe('tcp', pod('front').ip, 8081), 'timeout');
    assert.match(await pod('node').ask('tcp', '198.51.100.254', 30080), /^front/);
    cache('services').delete('shop', 'edge');
    await eventually(/timeout|ECONNREFUSED/, () => pod('outside').probe('tcp', '198.51.100.254', 30080));
    assert.equal(await pod('outside').probe('tcp', pod('front').ip, 8080), 'timeout', 'and closes it again');
  });

  test('client affinity keeps a client at one endpoint', async () => {
    addService('shop', 'sticky', '10.96.0.53', [pod('front'), pod('db')], {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    });
    await eventually(/front|db/, () => pod('node').ask('tcp', '10.96.0.53', 80));
    const first = await pod('node').ask('tcp', '10.96.0.53', 80);
    for (let index = 0; index < 12; index++) assert.equal(await pod('node').ask('tcp', '10.96.0.53', 80), first);
    const left = first.startsWith('front') ? 'db' : 'front';
    setEndpoints('shop', 'sticky', [pod(left)]);
    await eventually(new RegExp(`^${left}`), () => pod('node').ask('tcp', '10.96.0.53', 80));
  });

  test('UDP clients follow when their endpoint goes', async () => {
    addService('shop', 'datagrams', '10.96.0.54', [pod('front')]);
    await eventually(/^front/, () => pod('node').ask('udp', '10.96.0.54', 80, { localPort: 40_000 }));
    setEndpoints('shop', 'datagrams', [pod('db')]);
    await eventually(/^db/, () => pod('node').ask('udp', '10.96.0.54', 80, { localPort: 40_000 }));
  });

  test('a pod reaches itself through its own service', async () => {
    addService('shop', 'own', '10.96.0.55', [pod('front')]);
    await eventually(/^front 10.244.0.1/, () => pod('front').ask('tcp', '10.96.0.55', 80));
  });

  const allow = (name: string, spec: object) =>
    cache('networkpolicies.networking.k8s.io').set(object('NetworkPolicy', 'shop', name, { spec }));

  test('a policy opens what it allows and closes the rest of that direction', async () => {
    allow('db', {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }],
    });
    await eventually(/^db/, () => pod('roamer').ask('tcp', pod('db').ip, 8080));
    assert.equal(await pod('front').probe('udp', pod('db').ip, 8080), 'timeout');
    assert.equal(await pod('spy').probe('tcp', pod('db').ip, 8080), 'timeout', 'the client is an island still');
    allow('out', {
      podSelector: { matchLabels: { app: 'front' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.128/25'] } }],
          ports: [{ port: 400, endPort: 500 }],
        },
      ],
    });
    await eventually(/^outside 198.51.100.254/, () => pod('front').ask('tcp', '198.51.100.1', 443));
    assert.equal(
      await pod('front').probe('tcp', pod('db').ip, 8080),
      'timeout',
      'no longer an island, so not its namespace',
    );
    assert.equal(await pod('front').probe('tcp', '10.96.0.1', 443), 'timeout');
  });

  test('a policy that tightens cuts the connections it no longer allows, and only those', async () => {
    cache('networkpolicies.networking.k8s.io').delete('shop', 'out');
    await eventually(/^db/, () => pod('front').open(pod('db').ip, 8080));
    assert.match(await pod('roamer').open(pod('db').ip, 8080), /^db/);
    allow('db', {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'front' } } }] }],
    });
    await eventually(/timeout/, () => pod('roamer').say(pod('db').ip, 8080));
    assert.match(await pod('front').say(pod('db').ip, 8080), /^db/);
  });

  test('a pod cannot send with the address of another, nor over IPv6', async () => {
    const { stdout } = await runCommand('ip', ['-n', 'spy', '-j', 'link', 'show', 'eth0']);
    assert.match(stdout, /eth0/);
    await mustRun(runCommand, 'ip', ['-n', 'roamer', 'address', 'add', `${pod('front').ip}/32`, 'dev', 'lo']);
    assert.equal(await pod('roamer').probe('tcp', pod('db').ip, 8080, { from: pod('front').ip }), 'timeout');
    const { stdout: counters } = await runCommand('nft', [
      'list',
      'chain',
      'inet',
      'rempart_test_policies',
      'spoofing',
    ]);
    assert.match(counters, /packets [1-9]\d* bytes \d+ drop comment "address of another"/);
  });

  test('before its rules are in the kernel nothing reaches or leaves a pod', async () => {
    const late = await addPod('free', 'late', {}, false);
    assert.equal(await late.probe('tcp', '198.51.100.1', 443), 'timeout');
    assert.equal(await late.probe('tcp', '10.96.0.1', 443), 'timeout');
    assert.equal(await pod('roamer').probe('tcp', late.ip, 8080), 'timeout');
    await network.podNetworkReady(cache('pods').get('free', 'late')!, late.ip);
    assert.equal(await late.ask('tcp', '198.51.100.1', 443), 'outside 198.51.100.254');
    assert.equal(await pod('roamer').ask('tcp', late.ip, 8080), `late ${pod('roamer').ip}`);
    await network.podNetworkGone(cache('pods').get('free', 'late')!, late.ip);
    await eventually(/timeout/, () => late.probe('tcp', '198.51.100.1', 443));
  });

  test('host ports lead to the pod while it lives', async () => {
    const container = { ports: [{ containerPort: 8080, hostPort: 9090 }] };
    await addPod('other', 'host-port', {}, true, container);
    assert.equal(await pod('outside').ask('tcp', '198.51.100.254', 9090), 'host-port 198.51.100.1');
  });

  const dnsQuestion = (name: string, type: number) => {
    const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
    const header = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])]).toString('base64');
  };

  test('pods ask the cluster DNS at its service address', async () => {
    const text = dnsQuestion('web.shop.svc.cluster.local', 1);
    const answer = Buffer.from(await pod('spy').ask('udp', '10.96.0.10', 53, { text }), 'base64');
    assert.equal(answer.readUInt16BE(0), 0x1234);
    assert.equal(answer.readUInt16BE(6), 1, 'one answer');
    assert.deepEqual([...answer.subarray(-4)], [10, 96, 0, 50]);
  });

  test('names of the outside are looked up only for pods that may go there', async () => {
    await pod('outside').listen('udp', 5353);
    const text = dnsQuestion('example.org', 1);
    const island = Buffer.from(await pod('spy').ask('udp', '10.96.0.10', 53, { text }), 'base64');
    assert.equal(island[3]! & 15, 5, 'REFUSED');
    const free = pod('roamer').ask('udp', '10.96.0.10', 53, { text, timeoutMs: 300 });
    assert.equal(await free, 'timeout', 'asked upstream, which here answers no DNS');
  });

  test('what is in force survives a restart of the process', async () => {
    await network.stop();
    assert.match(await pod('front').ask('tcp', pod('db').ip, 8080), /^db/);
    network = createNetwork(settings);
    await network.start();
    assert.match(await pod('front').ask('tcp', pod('db').ip, 8080), /^db/);
    assert.equal(await pod('spy').probe('tcp', pod('db').ip, 8080), 'timeout');
  });

  test('removal leaves nothing behind', async () => {
    await network.stop();
    await removeNetwork(settings);
    const { stdout: tables } = await runCommand('nft', ['list', 'tables']);
    assert.doesNotMatch(tables, /rempart/);
    const { stdout: links } = await runCommand('ip', ['link']);
    assert.doesNotMatch(links, /rp-test/);
    assert.equal(readFileSync(forwarding, 'utf8'), '0\n');
    await removeNetwork(settings);
    network = createNetwork(settings);
    await network.start();
  });
}
