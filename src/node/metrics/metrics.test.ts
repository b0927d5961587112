import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testContainer, testPod } from '../pods/testing/view.ts';
import { createMetrics } from './metrics.ts';

const resources = { limits: { memory: '1Mi' } };
const pod = testPod({ containers: [{ name: 'main', image: 'i', resources }] });
const container = { ...testContainer(pod, 'main'), id: 'c1', image: 'shop/web:1', startedAtMs: 5000 };
const reading = (cpuNanoseconds: number) => ({ cpuNanoseconds, workingSetBytes: 1000, memoryBytes: 2000, atMs: 7 });

const data = { namespace: 'shop', claim: 'data', path: '/' };

function metricsOf(changes: Partial<Parameters<typeof createMetrics>[0]> = {}) {
  return createMetrics({
    reader: {
      node: () => reading(9e9),
      pods: async () => [{ pod, reading: reading(3e9), containers: [{ container, reading: reading(2.5e9) }] }],
    },
    cgroups: { parentOf: () => '/rempart/podx', processIn: async () => process.pid },
    machine: { cpuMilli: 4000, memoryBytes: 8 * 2 ** 30 },
    running: () => [{ pod, containers: [container] }],
    // Two pods share it.
    claims: () => [data, data],
    ...{ nodeName: 'node-1', version: 'v1', ...changes },
  });
}

/** Lines of one metric, without its help and type. */
const valuesOf = (text: string, name: string) =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

test('/metrics/resource is what metrics-server reads', async () => {
  const text = await metricsOf().resource();
  const labels = 'container="main",namespace="shop",pod="web"';
  assert.deepEqual(valuesOf(text, 'node_cpu_usage_seconds_total'), ['node_cpu_usage_seconds_total 9 7']);
  assert.deepEqual(valuesOf(text, 'node_memory_working_set_bytes'), ['node_memory_working_set_bytes 1000 7']);
  for (const line of [
    `container_cpu_usage_seconds_total{${labels}} 2.5 7`,
    `container_memory_working_set_bytes{${labels}} 1000 7`,
    `container_start_time_seconds{${labels}} 5`,
    'pod_cpu_usage_seconds_total{namespace="shop",pod="web"} 3 7',
    'pod_memory_working_set_bytes{namespace="shop",pod="web"} 1000 7',
    'scrape_error 0',
    'resource_scrape_error 0',
  ])
    assert.ok(text.includes(`\n${line}\n`), line);
});

test('a runtime that does not answer is a scrape error, not a missing page', async () => {
  const reader = { node: () => reading(0), pods: async () => Promise.reject(new Error('away')) };
  const text = await metricsOf({ reader }).resource();
  assert.deepEqual(valuesOf(text, 'scrape_error'), ['scrape_error 1']);
  assert.deepEqual(valuesOf(text, 'node_cpu_usage_seconds_total'), []);
});

test('/metrics/cadvisor has containers and pods under cAdvisor’s labels', async () => {
  const text = await metricsOf().cadvisor();
  const own = 'container="main",id="/rempart/podx/c1",image="shop/web:1",name="c1",namespace="shop",pod="web"';
  const whole = 'container="",id="/rempart/podx",image="",name="",namespace="shop",pod="web"';
  assert.deepEqual(valuesOf(text, 'container_cpu_usage_seconds_total'), [
    `container_cpu_usage_seconds_total{${whole},cpu="total"} 3 7`,
    `container_cpu_usage_seconds_total{${own},cpu="total"} 2.5 7`,
  ]);
  assert.deepEqual(valuesOf(text, 'container_memory_usage_bytes').length, 2);
  assert.deepEqual(valuesOf(text, 'container_spec_memory_limit_bytes'), [
    `container_spec_memory_limit_bytes{${own}} 1048576`,
  ]);
  assert.deepEqual(valuesOf(text, 'machine_cpu_cores'), ['machine_cpu_cores 4']);
});

test('/metrics says what runs, how full claims are, and what the agent takes', async () => {
  const text = await metricsOf().kubelet();
  assert.deepEqual(valuesOf(text, 'kubelet_running_pods'), ['kubelet_running_pods 1']);
  assert.match(text, /^kubelet_running_containers\{container_state="running"\} 1$/m);
  const [capacity, ...others] = valuesOf(text, 'kubelet_volume_stats_capacity_bytes');
  assert.match(capacity!, /^kubelet_volume_stats_capacity_bytes\{namespace="shop",persistentvolumeclaim="data"\} \d+$/);
  assert.deepEqual(others, []);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  const unmounted = { claims: () => [{ ...data, path: '/not/there' }] };
  assert.deepEqual(valuesOf(await metricsOf(unmounted).kubelet(), 'kubelet_volume_stats_capacity_bytes'), []);
});

const skip = process.platform === 'linux' ? false : 'needs Linux';

test('traffic is that of the network a container is in; of the node’s own there is none', { skip }, async () => {
  const text = await metricsOf().cadvisor();
  const { networkInterfaces } = await import('node:os');
  const names = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  const received = valuesOf(text, 'container_network_receive_bytes_total');
  for (const name of names)
    assert.ok(
      received.some((line) => line.includes(`interface="${name}"`)),
      name,
    );
  const onHost = testPod({ hostNetwork: true });
  const pods = async () => [{ pod: onHost, reading: reading(1), containers: [{ container, reading: reading(1) }] }];
  const other = await metricsOf({ reader: { node: () => reading(1), pods } }).cadvisor();
  assert.deepEqual(valuesOf(other, 'container_network_receive_bytes_total'), []);
});
