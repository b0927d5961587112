import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../foundation/clock.ts';
import { createLog } from '../../foundation/log.ts';
import { mustRun, runCommand } from '../command.ts';
import { createNetwork, type FlowReport } from '../network.ts';
import { worldCaches } from '../policies/world.ts';
import { addByCni, hideNamespaces, startPod, startProcess, type TestPod } from './machine.ts';
import { type MemoryCache, memoryCache } from './memory-cache.ts';

export const forwarding = '/proc/sys/net/ipv4/ip_forward';

/**
 * A node with the network room on it, in the private network of the test: pods front and db of the island shop, spy of
 * the island other, roamer of free, which has no isolation; a machine outside, 198.51.100.1, and a process on the node.
 */
export function createTestNode() {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'rempart-network-'));
  const caches = new Map<string, MemoryCache>();
  const cache = (resource: string): MemoryCache => {
    const known = caches.get(resource) ?? memoryCache();
    caches.set(resource, known);
    return known;
  };
  const pods = new Map<string, TestPod>();
  const reports: FlowReport[] = [];
  const settings = {
    report: async (report: FlowReport) => void reports.push(report),
    ...{ clusterId: 'test', nodeName: 'n1', stateDirectory, clusterDomain: 'cluster.local' },
    ...{ podCIDR: '10.244.0.0/24', clusterCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16' },
    ...{ dnsAddress: '10.96.0.10', gatewayAddress: '10.244.0.1', apiServiceAddress: '10.96.0.1' },
    configuredIsolation: 'island' as const,
    ...{ apiAddress: '10.244.0.1', apiPort: 6443, upstreamServers: [{ address: '198.51.100.1', port: 5353 }] },
    ...{ cache, clock: systemClock, log: createLog('network', 'warn') },
  };
  const pod = (name: string) => pods.get(name)!;
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
    const conflist = await node.network.cniConfig();
    const started = await startPod(name, (netns) => addByCni(conflist, netns, name));
    pods.set(name, started);
    if (ready) await node.network.podNetworkReady(podObject, started.ip);
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

  async function start(): Promise<void> {
    await hideNamespaces();
    // A new network namespace takes this over from the machine.
    writeFileSync(forwarding, '0');
    await mustRun(runCommand, 'ip', ['link', 'set', 'lo', 'up']);
    for (const name of ['shop', 'other', 'kube-system']) cache('namespaces').set(object('Namespace', '', name));
    cache('namespaces').set(object('Namespace', '', 'free', {}, { 'rempart.io/isolation': 'off' }));
    await node.network.start();
    // The outside: a machine behind the default route.
    await startPod('outside', async (netns) => {
      const peer = ['peer', 'name', 'eth0', 'netns', netns.split('/').at(-1)!];
      await mustRun(runCommand, 'ip', ['link', 'add', 'uplink', 'type', 'veth', ...peer]);
      await mustRun(runCommand, 'ip', ['address', 'add', '198.51.100.254/24', 'dev', 'uplink']);
      await mustRun(runCommand, 'ip', ['link', 'set', 'uplink', 'up']);
      await mustRun(runCommand, 'ip', ['-n', 'outside', 'address', 'add', '198.51.100.1/24', 'dev', 'eth0']);
      await mustRun(runCommand, 'ip', ['-n', 'outside', 'link', 'set', 'eth0', 'up']);
      // It has made itself routes to everything of the cluster.
      for (const range of ['10.244.0.0/16', '10.96.0.0/16'])
        await mustRun(runCommand, 'ip', ['-n', 'outside', 'route', 'add', range, 'via', '198.51.100.254']);
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
  }

  async function end(): Promise<void> {
    await node.network.stop();
    for (const started of pods.values()) await started.end();
    rmSync(stateDirectory, { recursive: true, force: true });
  }

  /** The room as a process of its own would have it: ended and begun again, with the same kernel below. */
  async function restart(): Promise<void> {
    await node.network.stop();
    node.network = createNetwork(settings);
    await node.network.start();
  }

  const node = {
    caches: worldCaches(cache),
    network: createNetwork(settings),
    settings,
    /** What was observed; complete after a restart. */
    reports,
    cache,
    pod,
    object,
    addPod,
    addService,
    setEndpoints,
    eventually,
    start,
    end,
    restart,
  };
  return node;
}
