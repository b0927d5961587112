import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import { type Cache, createCache } from '../../client/cache.ts';
import { type Client, createClient } from '../../client/client.ts';
import { inProcessTransport } from '../../client/in-process.ts';
import { systemClock } from '../../foundation/clock.ts';
import { createLog } from '../../foundation/log.ts';
import { startServer, testAdmin } from '../../server/testing/start.ts';
import { type Agent, type AgentOptions, createAgent } from '../agent.ts';
import { plainMounter } from './mounter.ts';
import { createTestRuntime, type TestRuntime } from './runtime.ts';

export type TestNode = {
  client: Client;
  runtime: TestRuntime;
  directory: string;
  persistentVolumes: { cache: Cache<any>; client: Client };
  /** Requests to the API fail while this is true; each deletion waits for what `onDelete` does. */
  network: { down: boolean; onDelete?(path: string): Promise<void> };
  startAgent(options?: Partial<AgentOptions>): Promise<Agent>;
  createPod(name: string, spec: object, metadata?: object): Promise<Pod>;
  /** Resolves when the pod satisfies the condition; undefined stands for its absence. */
  podBecomes(name: string, condition: (pod: Pod | undefined) => unknown): Promise<Pod>;
  runtimeBecomes(condition: () => unknown): Promise<void>;
  /** Ends agents and server; what the test's end does otherwise. */
  close(): Promise<void>;
};

const log = createLog('node-test', process.env['TEST_LOG'] ?? 'silent');

/** A real API server on the memory engine, a runtime in memory, and agents that join them. */
export async function startNode(context: TestContext, settings: Partial<AgentOptions> = {}): Promise<TestNode> {
  const server = await startServer({ namespaces: ['default', 'kube-system', 'kube-node-lease'] });
  const directory = mkdtempSync(join(tmpdir(), 'rempart-node-'));
  const network: TestNode['network'] = { down: false };
  const reach = () => {
    if (network.down) throw new Error('the API cannot be reached');
  };
  const transport = inProcessTransport(server, testAdmin);
  const client = createClient({
    ...transport,
    async send(request) {
      reach();
      if (request.method === 'DELETE') await network.onDelete?.(request.path);
      return transport.send(request);
    },
    async stream(request, onEvent, signal) {
      reach();
      return transport.stream(request, onEvent, signal);
    },
  });
  const around = { clock: systemClock, log };
  const admin = createClient(transport);
  const pods: Cache<any> = createCache(admin, 'pods', {}, around);
  const services = createCache(client, 'services', {}, around);
  const volumes: Cache<any> = createCache(admin, 'persistentvolumes', {}, around);
  const runtime = createTestRuntime();
  const agents: Agent[] = [];
  await admin.create('serviceaccounts', {
    kind: 'ServiceAccount',
    apiVersion: 'v1',
    metadata: { name: 'default', namespace: 'default' },
  });
  let closed = false;
  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    network.down = false;
    for (const agent of agents) await agent.stop();
    pods.stop();
    services.stop();
    volumes.stop();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  context.after(close);
  return {
    client: admin,
    persistentVolumes: { cache: volumes, client: admin },
    close,
    runtime,
    directory,
    network,
    async startAgent(options = {}) {
      const agent = createAgent({
        ...{ nodeName: 'node-1', client, services, runtime, clock: systemClock, log },
        ...{ dataDirectory: directory, runDirectory: join(directory, 'run'), logsDirectory: join(directory, 'logs') },
        ...{ clusterDns: { servers: ['10.96.0.10'], domain: 'cluster.local' }, podCIDR: '10.244.0.0/24' },
        ...{ network: {}, mounter: plainMounter, address: '127.0.0.1' },
        ...settings,
        ...options,
      });
      agents.push(agent);
      await agent.start();
      return agent;
    },
    createPod: (name, spec, metadata = {}) =>
      admin.create<Pod>('pods', {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: { name, namespace: 'default', ...metadata },
        spec: { nodeName: 'node-1', automountServiceAccountToken: false, ...spec },
      } as Partial<KubernetesObject>),
    async podBecomes(name, condition) {
      await pods.synced();
      await pods.until(() => Boolean(condition(pods.get('default', name))));
      return pods.get('default', name);
    },
    runtimeBecomes: (condition) =>
      new Promise((resolve) => {
        const look = () => (condition() ? resolve() : setTimeout(look, 5));
        look();
      }),
  };
}
