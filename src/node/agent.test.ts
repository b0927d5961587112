import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pod } from '../api/schema/types.d.ts';
import { startNode } from './testing/cluster.ts';

const web = { name: 'web', image: 'web:1' };
const isReady = (pod: Pod | undefined) =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');

test('the agent registers its node and keeps a lease', async (context) => {
  const node = await startNode(context);
  await node.startAgent();
  const found = await waitFor(
    () => node.client.get<any>('nodes', { name: 'node-1' }),
    ({ status }) => status?.nodeInfo,
  );
  assert.equal(found.status.conditions.find(({ type }: any) => type === 'Ready').status, 'True');
  assert.equal(found.status.nodeInfo.kubeletVersion, 'v1.36.0+rempart');
  assert.equal(found.metadata.labels['kubernetes.io/hostname'], 'node-1');
  const lease = { namespace: 'kube-node-lease', name: 'node-1' };
  const held = await waitFor(
    () => node.client.get<any>('leases.coordination.k8s.io', lease),
    ({ spec }) => spec.renewTime,
  );
  assert.equal(held.spec.holderIdentity, 'node-1');
});

test('a pod bound to the node runs and its status says so', async (context) => {
  const node = await startNode(context);
  await node.startAgent();
  await node.createPod('one', { containers: [web] });
  const { status } = await node.podBecomes('one', isReady);
  assert.equal(status?.phase, 'Running');
  assert.equal(status?.podIP, [...node.runtime.sandboxes.values()][0]!.ips[0]);
  assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
  assert.ok(status?.containerStatuses?.[0]?.state?.running);
});

test('a deleted pod is stopped with its grace period, then leaves the API and the runtime', async (context) => {
  const node = await startNode(context);
  await node.startAgent();
  await node.createPod('one', { containers: [web], terminationGracePeriodSeconds: 7 });
  await node.podBecomes('one', isReady);
  await node.client.delete('pods', { namespace: 'default', name: 'one' });
  await node.podBecomes('one', (pod) => pod === undefined);
  assert.ok(node.runtime.calls.includes('stop web 7'));
  await node.runtimeBecomes(() => node.runtime.sandboxes.size === 0);
});

test('a pod may select its node by a label that was set a moment before', async (context) => {
  const { client, startAgent, createPod, podBecomes } = await startNode(context);
  await startAgent();
  await createPod('one', { containers: [web] });
  await podBecomes('one', isReady);
  const body = { metadata: { labels: { fresh: 'yes' } } };
  await client.patch('nodes', { name: 'node-1' }, { type: 'merge', body });
  await createPod('two', { containers: [{ ...web, name: 'other' }], nodeSelector: { fresh: 'yes' } });
  const { status } = await podBecomes('two', (pod) => isReady(pod) || pod?.status?.phase === 'Failed');
  assert.equal(status?.phase, 'Running');
});

test('a stopped pod is deleted once, however much is said of it meanwhile', async (context) => {
  const { client, network, startAgent, createPod, podBecomes } = await startNode(context);
  const agent = await startAgent();
  await createPod('one', { containers: [web], terminationGracePeriodSeconds: 1 });
  await podBecomes('one', isReady);
  const deletions: string[] = [];
  network.onDelete = async (path) => {
    deletions.push(path);
    if (deletions.length > 1) return;
    for (const said of ['this', 'that']) {
      const body = { metadata: { annotations: { said } } };
      await client.patch('pods', { namespace: 'default', name: 'one' }, { type: 'merge', body });
      const heard = () => agent.pods().some(({ metadata }) => metadata.annotations?.['said'] === said);
      await waitFor(async () => heard(), Boolean);
    }
  };
  await client.delete('pods', { namespace: 'default', name: 'one' });
  await podBecomes('one', (pod) => pod === undefined);
  assert.equal(deletions.length, 1);
});

test('init containers run one after the other, then the main container', async (context) => {
  const { runtime, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  await startAgent();
  await createPod('one', {
    initContainers: [
      { name: 'first', image: 'init:1' },
      { name: 'second', image: 'init:1' },
    ],
    containers: [web],
  });
  await runtimeBecomes(() => runtime.find('first')?.state === 'running');
  const pending = await podBecomes('one', (pod) => pod?.status?.initContainerStatuses?.[0]?.state?.running);
  assert.equal(pending.status?.phase, 'Pending');
  assert.equal(pending.status?.containerStatuses?.[0]?.state?.waiting?.reason, 'PodInitializing');
  runtime.exit('first', 0);
  await runtimeBecomes(() => runtime.find('second')?.state === 'running');
  runtime.exit('second', 0);
  await podBecomes('one', isReady);
  assert.deepEqual(
    runtime.calls.filter((call) => call.startsWith('start ')),
    ['start first', 'start second', 'start web'],
  );
});

test('a crashed container is restarted and then backs off, telling why', async (context) => {
  const { runtime, createPod, startAgent, podBecomes } = await startNode(context);
  await startAgent();
  await createPod('one', { containers: [web] });
  await podBecomes('one', isReady);
  runtime.exit('web', 3);
  await podBecomes('one', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(pod));
  runtime.exit('web', 4);
  const { status } = await podBecomes('one', (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting);
  assert.equal(status?.containerStatuses?.[0]?.state?.waiting?.reason, 'CrashLoopBackOff');
  assert.equal(status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 4);
  assert.equal(status?.phase, 'Running');
});

test('a pod that may not restart ends as its containers did', async (context) => {
  const { runtime, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  await startAgent();
  for (const [name, exitCode, phase] of [
    ['good', 0, 'Succeeded'],
    ['bad', 1, 'Failed'],
  ] as const) {
    await createPod(name, { restartPolicy: 'Never', containers: [{ ...web, name }] });
    await podBecomes(name, isReady);
    runtime.exit(name, exitCode);
    const { status } = await podBecomes(name, (pod) => pod?.status?.phase === phase);
    assert.equal(status?.containerStatuses?.[0]?.state?.terminated?.exitCode, exitCode);
    await runtimeBecomes(() => runtime.calls.includes(`stopPod ${name}`));
  }
});

test('an image that cannot be pulled keeps the container waiting with the reason', async (context) => {
  const { runtime, createPod, startAgent, podBecomes } = await startNode(context);
  runtime.failing.set('pull absent:1', new Error('not found'));
  await startAgent();
  await createPod('one', { containers: [{ name: 'web', image: 'absent:1' }] });
  const { status } = await podBecomes(
    'one',
    (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
  );
  assert.match(status?.containerStatuses?.[0]?.state?.waiting?.message ?? '', /absent:1.*not found/);
  await createPod('two', { containers: [{ name: 'web', image: 'never:1', imagePullPolicy: 'Never' }] });
  await podBecomes('two', (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImageNeverPull');
});

test('a sub-path that would leave its volume is the pod’s configuration at fault', async (context) => {
  const { createPod, startAgent, podBecomes } = await startNode(context);
  await startAgent();
  const mount = { name: 'work', mountPath: '/work', subPathExpr: '$(UP)' };
  const container = { ...web, env: [{ name: 'UP', value: '..' }], volumeMounts: [mount] };
  await createPod('one', { containers: [container], volumes: [{ name: 'work', emptyDir: {} }] });
  const { status } = await podBecomes('one', (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.message);
  assert.equal(status?.containerStatuses?.[0]?.state?.waiting?.reason, 'CreateContainerConfigError');
});

test('a pod does not run without the AppArmor profile that it names', async (context) => {
  const { createPod, startAgent, podBecomes } = await startNode(context);
  await startAgent();
  const appArmorProfile = { type: 'Localhost', localhostProfile: 'rempart-test-absent' };
  await createPod('one', { containers: [web], securityContext: { appArmorProfile } });
  const { status } = await podBecomes('one', (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.message);
  const { reason, message } = status!.containerStatuses![0]!.state!.waiting!;
  assert.equal(reason, 'CreateContainerConfigError');
  assert.match(message!, /"rempart-test-absent": (this node has no AppArmor|it is not loaded)/);
});

test('probes gate readiness and restart what fails', async (context) => {
  const { client, runtime, createPod, startAgent, podBecomes } = await startNode(context);
  const answers = { ready: 1, alive: 0 };
  runtime.onExec = (_, [command]) => ({ exitCode: answers[command as 'ready'], output: 'no' });
  await startAgent();
  const probe = (command: string) => ({ exec: { command: [command] }, periodSeconds: 1, failureThreshold: 1 });
  await createPod('one', { containers: [{ ...web, readinessProbe: probe('ready'), livenessProbe: probe('alive') }] });
  const unready = await podBecomes('one', (pod) => pod?.status?.containerStatuses?.[0]?.state?.running);
  assert.ok(!isReady(unready));
  answers.ready = 0;
  await podBecomes('one', isReady);
  answers.alive = 1;
  await podBecomes('one', (pod) => (pod?.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1);
  assert.ok(runtime.calls.includes('stop web 30'));
  const { items } = await waitFor(
    () => client.list<any>('events', { namespace: 'default' }),
    (events) => events.items.some(({ reason }: any) => reason === 'Unhealthy'),
  );
  const unhealthy = items.find(({ reason }: any) => reason === 'Unhealthy');
  assert.match(unhealthy.message, /^(Readiness|Liveness) probe failed: no$/);
  assert.equal(unhealthy.involvedObject.fieldPath, 'spec.containers{web}');
});

test('no container starts before the network room has said that policies are in force', async (context) => {
  const { runtime, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  await startAgent({
    network: {
      beforePodStarts: async ({ metadata }) => void seen.push(`before ${metadata.name}`),
      podNetworkReady: async (_, ip) => {
        seen.push(`ready ${ip}`);
        await gate.promise;
      },
    },
  });
  await createPod('one', { containers: [web] });
  await runtimeBecomes(() => seen.length === 2);
  assert.deepEqual(runtime.calls, ['runPod one']);
  gate.resolve();
  const { status } = await podBecomes('one', isReady);
  assert.deepEqual(seen, ['before one', `ready ${status?.podIP}`]);
});

test('a pod whose agent died before the API knew its address is told to the network by the next one', async (context) => {
  const { runtime, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  const first = await startAgent({ network: { podNetworkReady: () => new Promise(() => {}) } });
  await createPod('one', { containers: [web] });
  await runtimeBecomes(() => runtime.sandboxes.size === 1);
  await first.stop();
  const told: string[] = [];
  await startAgent({
    network: { podNetworkReady: async ({ metadata }, ip) => void told.push(`${metadata.name} ${ip}`) },
  });
  const { status } = await podBecomes('one', isReady);
  assert.deepEqual(told, [`one ${status?.podIP}`]);
  assert.equal(runtime.sandboxes.size, 1);
});

test('hooks run: postStart before readiness, preStop before the stop', async (context) => {
  const { client, runtime, createPod, startAgent, podBecomes } = await startNode(context);
  await startAgent();
  const hook = (command: string) => ({ exec: { command: [command] } });
  await createPod('one', { containers: [{ ...web, lifecycle: { postStart: hook('hello'), preStop: hook('bye') } }] });
  await podBecomes('one', isReady);
  await client.delete('pods', { namespace: 'default', name: 'one' });
  await podBecomes('one', (pod) => pod === undefined);
  const order = runtime.calls
    .filter((call) => /^(start|exec|stop) /.test(call))
    .map((call) => call.split(' ').slice(0, 3).join(' '));
  assert.deepEqual(order, ['start web', 'exec web hello', 'exec web bye', 'stop web 30']);
});

test('while the API is away containers are restarted, and the status follows when it is back', async (context) => {
  const { network, runtime, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  await startAgent();
  await createPod('one', { containers: [web] });
  await podBecomes('one', isReady);
  network.down = true;
  runtime.exit('web', 1);
  await runtimeBecomes(() => runtime.find('web')?.attempt === 1 && runtime.find('web')?.state === 'running');
  network.down = false;
  await podBecomes('one', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1);
});

test('an agent that starts while the API is away looks after what runs, and hears of deletions later', async (context) => {
  const { client, network, runtime, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  const first = await startAgent();
  await client.create('configmaps', { ...configMapOf('settings'), data: { colour: 'green' } });
  const volumes = [{ name: 'config', configMap: { name: 'settings' } }];
  const mounts = [{ name: 'config', mountPath: '/config' }];
  for (const name of ['kept', 'gone'])
    await createPod(name, { volumes, containers: [{ ...web, name, volumeMounts: mounts }] });
  await podBecomes('kept', isReady);
  await podBecomes('gone', isReady);
  await first.stop();
  await client.delete('pods', { namespace: 'default', name: 'gone' }, { gracePeriodSeconds: 0 });
  network.down = true;
  const starting = startAgent();
  await runtimeBecomes(() => runtime.find('kept')?.state === 'running');
  runtime.exit('kept', 1);
  await runtimeBecomes(() => runtime.find('kept')?.attempt === 1 && runtime.find('kept')?.state === 'running');
  assert.equal(runtime.find('gone')?.state, 'running');
  network.down = false;
  await starting;
  await podBecomes('kept', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1);
  await runtimeBecomes(() => runtime.find('gone') === undefined);
});

test('an agent that comes back takes up what runs, stops what was deleted, and restarts nothing', async (context) => {
  const { client, runtime, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  const first = await startAgent();
  await createPod('kept', { containers: [{ ...web, name: 'kept' }] });
  await createPod('gone', { containers: [{ ...web, name: 'gone' }] });
  await podBecomes('kept', isReady);
  await podBecomes('gone', isReady);
  await first.stop();
  await client.delete('pods', { namespace: 'default', name: 'gone' }, { gracePeriodSeconds: 0 });
  runtime.calls.length = 0;
  await startAgent();
  await runtimeBecomes(() => runtime.sandboxes.size === 1);
  assert.deepEqual(runtime.calls, ['stop gone 30', 'stopPod gone', 'removePod gone']);
  assert.equal(runtime.find('kept')?.state, 'running');
});

test('a pod whose sandbox dies gets a new one', async (context) => {
  const { runtime, createPod, startAgent, podBecomes } = await startNode(context);
  await startAgent();
  await createPod('one', { containers: [web] });
  await podBecomes('one', isReady);
  runtime.killSandbox('one');
  const { status } = await podBecomes(
    'one',
    (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(pod),
  );
  assert.equal(status?.podIP, [...runtime.sandboxes.values()].find(({ ready }) => ready)?.ips[0]);
});

test('a pod the node cannot hold is refused with the reason', async (context) => {
  const { createPod, startAgent, podBecomes } = await startNode(context);
  await startAgent();
  await createPod('big', { containers: [{ ...web, resources: { requests: { cpu: '4000' } } }] });
  const { status } = await podBecomes('big', (pod) => pod?.status?.phase === 'Failed');
  assert.equal(status?.reason, 'OutOfcpu');
  await createPod('users', { hostUsers: false, containers: [web] });
  const users = await podBecomes('users', (pod) => pod?.status?.phase === 'Failed');
  assert.equal(users.status?.reason, 'UserNamespacesNotSupported');
});

test('a pod past its deadline fails', async (context) => {
  const { createPod, startAgent, podBecomes } = await startNode(context);
  await startAgent();
  await createPod('one', { containers: [web], activeDeadlineSeconds: 1 });
  const { status } = await podBecomes('one', (pod) => pod?.status?.phase === 'Failed');
  assert.equal(status?.reason, 'DeadlineExceeded');
});

test('a static pod runs from its file, is mirrored, and stops when the file goes', async (context) => {
  const { directory, client, runtime, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  const staticPodsDirectory = join(directory, 'static');
  mkdirSync(staticPodsDirectory);
  const file = join(staticPodsDirectory, 'web.yaml');
  writeFileSync(
    file,
    'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "web:1"}]}\n',
  );
  // What stands beside it and comes first.
  writeFileSync(join(staticPodsDirectory, 'a.yaml'), '{');
  writeFileSync(
    join(staticPodsDirectory, 'b.yaml'),
    'apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [null]}\n',
  );
  execFileSync('mkfifo', [join(staticPodsDirectory, 'c.yaml')]);
  await startAgent({ staticPodsDirectory });
  await runtimeBecomes(() => runtime.find('web')?.state === 'running');
  const mirror = await podBecomes('web-node-1', isReady);
  assert.equal(mirror.metadata.ownerReferences?.[0]?.kind, 'Node');
  await client.delete('pods', { namespace: 'default', name: 'web-node-1' });
  rmSync(file);
  await runtimeBecomes(() => runtime.sandboxes.size === 0);
});

test('a ConfigMap that changes reaches the volume of a running pod', async (context) => {
  const { directory, client, createPod, startAgent, podBecomes, runtimeBecomes } = await startNode(context);
  await startAgent();
  const { metadata } = configMapOf('settings');
  await client.create('configmaps', { ...configMapOf('settings'), data: { colour: 'green' } });
  const volumes = [{ name: 'config', configMap: { name: 'settings' } }];
  const mounts = [{ name: 'config', mountPath: '/config' }];
  await createPod('one', { volumes, containers: [{ ...web, volumeMounts: mounts }] });
  const { uid } = (await podBecomes('one', isReady)).metadata;
  const path = join(directory, 'pods', uid!, 'volumes/config/colour');
  assert.equal(readFileSync(path, 'utf8'), 'green');
  await client.patch('configmaps', metadata, { type: 'merge', body: { data: { colour: 'blue' } } });
  await runtimeBecomes(() => readFileSync(path, 'utf8') === 'blue');
});

const configMapOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

test('a resize waits until the node has room for it', async (context) => {
  const node = await startNode(context);
  await node.startAgent();
  const { status } = await waitFor(
    () => node.client.get<any>('nodes', { name: 'node-1' }),
    ({ status }) => status?.allocatable,
  );
  const most = Number.parseInt(status.allocatable.cpu, 10);
  const asking = (cpuMilli: number) => ({ resources: { requests: { cpu: `${cpuMilli}m` } } });
  await node.createPod('one', { containers: [{ ...web, ...asking(100) }] });
  await node.createPod('two', { containers: [{ ...web, name: 'other', ...asking(most - 100) }] });
  for (const name of ['one', 'two']) await node.podBecomes(name, isReady);
  const spec = { containers: [{ name: 'web', ...asking(200) }] };
  const one = { namespace: 'default', name: 'one' };
  await node.client.patch('pods', one, { type: 'strategic', body: { spec } }, { subresource: 'resize' });
  const pending = (pod: Pod | undefined) => pod?.status?.conditions?.find(({ type }) => type === 'PodResizePending');
  const waiting = await node.podBecomes('one', pending);
  assert.equal(pending(waiting)?.reason, 'Deferred');
  assert.equal(waiting.status!.containerStatuses![0]!.allocatedResources!['cpu'], '100m');
  await node.client.delete('pods', { namespace: 'default', name: 'two' }, { gracePeriodSeconds: 1 });
  await node.podBecomes('one', (pod) => pod?.status?.containerStatuses?.[0]?.allocatedResources?.['cpu'] === '200m');
  await node.podBecomes('one', (pod) => pending(pod) === undefined);
});

async function waitFor<T>(read: () => Promise<T>, condition: (value: T) => unknown): Promise<T> {
  for (;;) {
    const value = await read().catch(() => undefined);
    if (value !== undefined && condition(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
