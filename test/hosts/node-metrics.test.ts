import assert from 'node:assert/strict';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import type { Node } from '../../src/api/schema/types.d.ts';
import { loadKubeconfig } from '../../src/client/kubeconfig.ts';
import { testImageReference as image } from '../../src/node/runtimes/testing/busybox.ts';
import { eventually, cannotRunContainers as skip, testCluster } from './cluster.ts';
import { leftovers } from './processes.ts';

/** What Prometheus and metrics-server read of a node: directly with a token, or through the API. */
const cluster = testCluster(12);
const { kubectl, tryKubectl } = cluster;

before(async () => {
  if (skip) return;
  await cluster.upWithImage();
  await kubectl('create serviceaccount prometheus');
  await kubectl('create clusterrole reads-metrics --verb=get --resource=nodes/metrics');
  await kubectl(
    'create clusterrolebinding reads-metrics --clusterrole=reads-metrics --serviceaccount=default:prometheus',
  );
  const container = {
    name: 'main',
    image,
    command: ['sh', '-c', 'httpd -f -p 8080'],
    resources: { limits: { memory: '32Mi' } },
  };
  const metadata = { name: 'web', namespace: 'default' };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { ...unprivileged, containers: [{ ...container, ...closed }] },
  };
  await kubectl('apply -f -', { input: JSON.stringify(pod) });
  await kubectl('wait --for=condition=Ready pod/web --timeout=60s');
});
after(async () => {
  if (skip) return;
  await cluster.remove();
  assert.deepEqual(await leftovers(cluster), []);
});

const unprivileged = {
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
};
const closed = { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } };

async function readNode(): Promise<{ name: string; host: string; port: number }> {
  const { items } = JSON.parse(await kubectl('get nodes -o json')) as { items: Node[] };
  const { metadata, status } = items[0]!;
  const host = status!.addresses!.find(({ type }) => type === 'InternalIP')!.address;
  return { name: metadata.name, host, port: status!.daemonEndpoints!.kubeletEndpoint!.Port };
}

/** From the node's own network, where agents that watch nodes run. */
async function ask(path: string, token?: string): Promise<{ code: number; text: string }> {
  const { name, host, port } = await readNode();
  const { certificateAuthority } = loadKubeconfig(cluster.kubeconfig).connection;
  const ca = (certificateAuthority as { bytes: Buffer }).bytes;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const asking = request({ host, port, path, ca, servername: name, headers, agent: false }, async (response) => {
      const text = (await Array.fromAsync(response)).join('');
      resolve({ code: response.statusCode!, text });
    });
    asking.on('error', reject);
    asking.end();
  });
}

test('who has the right to nodes/metrics reads the pages of the node, and only those', { skip }, async () => {
  const token = (await kubectl('create token prometheus')).trim();
  const labels = 'container="main",namespace="default",pod="web"';
  const resource = await ask('/metrics/resource', token);
  assert.equal(resource.code, 200, resource.text);
  assert.match(resource.text, new RegExp(`^container_memory_working_set_bytes{${labels}} [1-9]\\d* \\d+$`, 'm'));
  assert.match(resource.text, /^scrape_error 0$/m);
  const cadvisor = (await ask('/metrics/cadvisor', token)).text;
  assert.match(cadvisor, /^container_network_receive_bytes_total\{.*pod="web",interface="eth0"\} \d+$/m);
  assert.match(cadvisor, /^container_spec_memory_limit_bytes\{container="main".*\} 33554432$/m);
  assert.match((await ask('/metrics', token)).text, /^kubelet_running_pods [1-9]/m);
  for (const path of ['/pods', '/healthz', '/stats/summary']) assert.equal((await ask(path, token)).code, 403, path);
  assert.equal((await ask('/containerLogs/default/web/main', token)).code, 401);
  for (const path of ['/metrics', '/healthz']) assert.equal((await ask(path)).code, 401, path);
  await kubectl('delete clusterrolebinding reads-metrics');
  await eventually('the right is gone', async () => (await ask('/metrics', token)).code === 403);
});

test('through the API the same pages need the right to nodes/proxy', { skip }, async () => {
  const { name } = await readNode();
  const proxy = ['get', '--raw', `/api/v1/nodes/${name}/proxy/metrics/resource`];
  assert.match(await kubectl(proxy.join(' ')), /^node_cpu_usage_seconds_total \d/m);
  assert.equal((await kubectl(`get --raw /api/v1/nodes/${name}/proxy/healthz`)).trim(), 'ok');
  const refused = await tryKubectl([...proxy, '--as=system:serviceaccount:default:prometheus']);
  assert.match(refused.stderr, /Forbidden|forbidden/);
});
