import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Pod } from '../../src/api/schema/types.d.ts';
import { createCgroups } from '../../src/node/cgroups.ts';
import { cgroupFolder, isCgroupVersion2 } from '../../src/node/runtimes/cgroups.ts';
import { cannotRunContainerd, startTestHost } from '../../src/node/runtimes/testing/host.ts';
import { startNode } from '../../src/node/testing/cluster.ts';
import { systemMounter } from '../../src/node/volumes/mounter.ts';

const options = { skip: cannotRunContainerd, timeout: 120_000 };

async function startRealNode(context: TestContext) {
  // Hooks run in this order: agents let go before their runtime does.
  let close = async () => {};
  context.after(() => close());
  const host = await startTestHost(context, '10.251.0.0/24');
  const node = await startNode(context, {
    runtime: host.runtime,
    mounter: systemMounter,
    cgroups: createCgroups(host.cgroupRoot),
    dataDirectory: join(host.folder, 'data'),
    runDirectory: join(host.folder, 'run'),
    logsDirectory: join(host.folder, 'logs'),
  });
  close = node.close;
  return { host, ...node };
}

const shell = (script: string, more: object = {}) => ({
  name: 'main',
  image: 'rempart.local/test-only/busybox:1',
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
  ...more,
});

const isReady = (pod: Pod | undefined) =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
const terminated = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state?.terminated;

test('a pod runs in containerd and leaves nothing behind when it is deleted', options, async (context) => {
  const { host, client, createPod, podBecomes, startAgent, runtimeBecomes } = await startRealNode(context);
  await startAgent();
  await createPod('one', { containers: [shell('trap "exit 0" TERM; while true; do sleep 0.1; done')] });
  const pod = await podBecomes('one', isReady);
  assert.match(pod.status?.podIP ?? '', /^10\.251\.0\.\d+$/);
  const cgroup = join('/sys/fs/cgroup/memory', host.cgroupRoot, 'besteffort', `pod${pod.metadata.uid}`);
  assert.ok(existsSync(cgroup));
  await client.delete('pods', { namespace: 'default', name: 'one' });
  await podBecomes('one', (now) => now === undefined);
  await runtimeBecomes(() => !existsSync(cgroup) && readdirSync(join(host.folder, 'logs')).length === 0);
  assert.deepEqual(readdirSync(join(host.folder, 'data/pods')), []);
});

test('a container sees its environment, its volumes and its host name', options, async (context) => {
  const { client, createPod, podBecomes, startAgent } = await startRealNode(context);
  await startAgent();
  const metadata = { name: 'settings', namespace: 'default' };
  await client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { colour: 'green' } });
  const secret = { colour: Buffer.from('blue').toString('base64') };
  await client.create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata, data: secret });
  const volumes = [
    { name: 'config', configMap: { name: 'settings' } },
    { name: 'secret', secret: { secretName: 'settings' } },
    { name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
  ];
  const volumeMounts = [
    { name: 'config', mountPath: '/config' },
    { name: 'secret', mountPath: '/secret' },
    { name: 'scratch', mountPath: '/scratch' },
    { name: 'config', mountPath: '/one', subPath: 'colour' },
  ];
  const env = [
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
    { name: 'BOTH', value: '$(POD)-$(COLOUR)' },
  ];
  const script =
    'echo $BOTH $(cat /config/colour /one) $(cat /secret/colour) $(hostname) > /scratch/x && cat /scratch/x > /dev/termination-log;' +
    'grep -q "$IP.*two" /etc/hosts && echo hosts >> /dev/termination-log; touch /config/no 2>/dev/null && echo writable >> /dev/termination-log; id -u >> /dev/termination-log';
  await createPod('two', {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1000, fsGroup: 2000 },
    volumes,
    containers: [shell(script, { env, volumeMounts })],
  });
  const pod = await podBecomes('two', terminated);
  assert.equal(terminated(pod)?.message, 'two-green greengreen blue two\nhosts\n1000\n');
});

test('a crashing container is restarted, counted and backed off', options, async (context) => {
  const { createPod, podBecomes, startAgent } = await startRealNode(context);
  await startAgent();
  await createPod('crash', {
    containers: [shell('echo broken; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
  });
  const pod = await podBecomes(
    'crash',
    (now) => now?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
  );
  const [status] = pod.status!.containerStatuses!;
  // On a busy machine more than one has gone by.
  assert.ok(status!.restartCount >= 1);
  assert.equal(status!.lastState?.terminated?.exitCode, 3);
  assert.equal(status!.lastState?.terminated?.message, 'broken');
});

test('what a container writes into its own layer counts against its limit', options, async (context) => {
  const { createPod, podBecomes, startAgent } = await startRealNode(context);
  await startAgent();
  const resources = { limits: { 'ephemeral-storage': '4Mi' } };
  const writes = (megabytes: number) =>
    shell(`dd if=/dev/zero of=/written bs=1M count=${megabytes}; sleep 1000`, { resources });
  await createPod('modest', { containers: [writes(2)] });
  await createPod('greedy', { containers: [writes(8)] });
  const { status } = await podBecomes('greedy', (pod) => pod?.status?.phase === 'Failed');
  assert.equal(status?.reason, 'Evicted');
  assert.match(
    status?.message ?? '',
    /Pod ephemeral local storage usage exceeds the total limit of containers 4194304/,
  );
  assert.equal((await podBecomes('modest', Boolean)).status?.phase, 'Running');
});

test('running containers go on while the agent is away, and are taken up again', options, async (context) => {
  const { host, createPod, podBecomes, startAgent, runtimeBecomes } = await startRealNode(context);
  const first = await startAgent();
  await createPod('steady', { containers: [shell('while true; do sleep 1; done')] });
  const before = await podBecomes('steady', isReady);
  await first.stop();
  await startAgent();
  const pid = host.containerd.pid();
  process.kill(pid, 'SIGKILL');
  await runtimeBecomes(() => host.containerd.pid() !== pid);
  const sandboxes = await host.runtime.listPods();
  assert.equal(sandboxes.length, 1);
  const [container] = sandboxes[0]!.containers;
  assert.equal(`containerd://${container!.id}`, before.status!.containerStatuses![0]!.containerID);
  assert.equal(container!.state, 'running');
  // It still reacts: a container that dies now is restarted.
  await host.runtime.stopContainer(container!.id, 0);
  await podBecomes('steady', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(pod));
});

test('limits hold, probes reach the pod, and hooks run inside of it', options, async (context) => {
  const { host, client, createPod, podBecomes, startAgent } = await startRealNode(context);
  await startAgent();
  const limits = { memory: '32Mi' };
  await createPod('greedy', {
    restartPolicy: 'Never',
    containers: [shell('yes | tr "\\n" x | head -c 200000000 | grep n', { resources: { limits } })],
  });
  await createPod('nobody', { securityContext: { runAsNonRoot: true }, containers: [shell('sleep 1')] });
  const shared = { name: 'shared', hostPath: { path: host.folder } };
  await createPod('served', {
    volumes: [shared],
    terminationGracePeriodSeconds: 3,
    containers: [
      shell('mkdir /tmp/www; echo hi > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www', {
        volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
        livenessProbe: { exec: { command: ['test', '-f', '/tmp/www/index.html'] }, periodSeconds: 1 },
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo bye > /shared/bye'] } } },
      }),
    ],
  });
  const greedy = await podBecomes('greedy', terminated);
  assert.deepEqual([terminated(greedy)!.reason, terminated(greedy)!.exitCode], ['OOMKilled', 137]);
  const waits = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
  await podBecomes('nobody', (pod) => waits(pod) === 'CreateContainerConfigError');
  await podBecomes('served', isReady);
  await client.delete('pods', { namespace: 'default', name: 'served' });
  await podBecomes('served', (pod) => pod === undefined);
  assert.ok(existsSync(join(host.folder, 'bye')));
});

test('a running container is given more memory without a restart', options, async (context) => {
  const { host, client, createPod, podBecomes, startAgent, runtimeBecomes } = await startRealNode(context);
  await startAgent();
  const resources = { limits: { memory: '64Mi', cpu: '100m' }, requests: { memory: '64Mi', cpu: '100m' } };
  await createPod('grows', { containers: [shell('while true; do sleep 1; done', { resources })] });
  const pod = await podBecomes('grows', isReady);
  const id = pod.status!.containerStatuses![0]!.containerID!.replace('containerd://', '');
  const more = { limits: { memory: '96Mi', cpu: '100m' }, requests: { memory: '96Mi', cpu: '100m' } };
  const body = { spec: { containers: [{ name: 'main', resources: more }] } };
  await client.patch(
    'pods',
    { namespace: 'default', name: 'grows' },
    { type: 'strategic', body },
    { subresource: 'resize' },
  );
  const parent = `${host.cgroupRoot}/guaranteed/pod${pod.metadata.uid}`;
  const file = isCgroupVersion2() ? 'memory.max' : 'memory.limit_in_bytes';
  const limitOf = (path: string) => Number(readFileSync(join(cgroupFolder('memory', path), file), 'utf8'));
  await runtimeBecomes(() => limitOf(`${parent}/${id}`) === 96 * 2 ** 20 && limitOf(parent) === 96 * 2 ** 20);
  const after = await podBecomes(
    'grows',
    (now) => now?.status?.containerStatuses?.[0]?.resources?.limits?.['memory'] === '96Mi',
  );
  assert.equal(after.status!.containerStatuses![0]!.restartCount, 0);
});

test('a killed program is restarted, and a pod whose shim is killed gets a new sandbox', options, async (context) => {
  const { host, createPod, podBecomes, startAgent } = await startRealNode(context);
  await startAgent();
  await createPod('hurt', { terminationGracePeriodSeconds: 1, containers: [shell('while true; do sleep 1; done')] });
  const restarted = (count: number) => (pod: Pod | undefined) =>
    isReady(pod) && pod?.status?.containerStatuses?.[0]?.restartCount === count;
  const programOf = ({ metadata, status }: Pod) => {
    const id = status!.containerStatuses![0]!.containerID!.replace('containerd://', '');
    const folder = cgroupFolder('memory', `${host.cgroupRoot}/besteffort/pod${metadata.uid}/${id}`);
    return Number(readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n')[0]);
  };
  const first = await podBecomes('hurt', restarted(0));
  process.kill(programOf(first), 'SIGKILL');
  const second = await podBecomes('hurt', restarted(1));
  assert.equal(second.status!.podIP, first.status!.podIP);
  assert.equal(second.status!.containerStatuses![0]!.lastState!.terminated!.exitCode, 137);
  const shim = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${programOf(second)}/status`, 'utf8'))![1]);
  process.kill(shim, 'SIGKILL');
  await podBecomes('hurt', (pod) => isReady(pod) && (pod?.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2);
  const ready = (await host.runtime.listPods()).filter(({ ready }) => ready);
  assert.equal(ready.length, 1);
});
