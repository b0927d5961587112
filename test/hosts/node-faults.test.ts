import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EndpointSlice, Node, Pod } from '../../src/api/schema/types.d.ts';
import { testImage, testImageReference } from '../../src/node/runtimes/testing/busybox.ts';
import { eventually, cannotRunContainers as skip, testCluster } from './cluster.ts';
import {
  containerdOf,
  crash,
  leftovers,
  networkNamespaces,
  parentOf,
  processesOfContainer,
  processOf,
  supervisorOf,
} from './processes.ts';

/** Faults of what runs containers: the agent, containerd, shims and the containers. Two pods behind a service. */
const cluster = testCluster(4);
const { kubectl } = cluster;
const replicas = 2;

before(async () => {
  if (skip) return;
  const upped = await cluster.up();
  assert.equal(upped.code, 0, upped.stdout + upped.stderr);
  const archive = join(cluster.dataDirectory, 'busybox.tar');
  mkdirSync(cluster.dataDirectory, { recursive: true });
  writeFileSync(archive, (await testImage()).tar);
  const imported = await cluster.rempart('images', 'import', archive);
  assert.equal(imported.code, 0, imported.stderr);
  await kubectl('create namespace faults');
  // A list, for which kubectl checks the objects itself.
  await kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: web() }) });
  await kubectl('-n faults rollout status deployment/web --timeout=60s');
});
after(async () => {
  if (!skip) await cluster.remove();
});

function web() {
  const labels = { app: 'web' };
  const container = {
    ...{ name: 'main', image: testImageReference, command: ['httpd', '-f', '-p', '8080'] },
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } };
  const template = { metadata: { labels }, spec: { securityContext, containers: [container] } };
  const metadata = { namespace: 'faults', name: 'web' };
  return [
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: { replicas, selector: { matchLabels: labels }, template },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
}

const read = async (words: string) => JSON.parse(await kubectl(`${words} -o json`));

type Container = { pod: string; id: string; restarts: number; ready: boolean };
/** The containers of the deployment as the API tells them, by the names of their pods. */
async function containers(): Promise<Container[]> {
  const { items }: { items: Pod[] } = await read('-n faults get pods -l app=web');
  const all = items.map(({ metadata, status }) => ({
    pod: metadata.name!,
    id: (status?.containerStatuses?.[0]?.containerID ?? '').replace('containerd://', ''),
    restarts: status?.containerStatuses?.[0]?.restartCount ?? 0,
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
  }));
  return all.sort((a, b) => (a.pod < b.pod ? -1 : 1));
}

const allReady = (what: string, restarts: (container: Container) => number) =>
  eventually(what, async () => {
    const now = await containers();
    const fine = now.length === replicas && now.every((one) => one.ready && one.restarts === restarts(one));
    if (!fine) throw new Error(JSON.stringify(now));
    return now;
  });

async function readyEndpoints(): Promise<number> {
  const { items }: { items: EndpointSlice[] } = await read(
    '-n faults get endpointslices -l kubernetes.io/service-name=web',
  );
  return items.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready).length;
}

async function nodeIsReady(): Promise<string | undefined> {
  const { items }: { items: Node[] } = await read('get nodes');
  return items[0]?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** The first process of a container: httpd itself. */
const mainProcess = (id: string): number => {
  const pids = processesOfContainer(id);
  assert.ok(pids.length > 0, `container ${id} runs`);
  return Math.min(...pids);
};

/** Something that only a living agent and a living container can answer. */
const answers = (pod: string) =>
  eventually(`exec into ${pod}`, async () => /alive/.test(await kubectl(`-n faults exec ${pod} -- echo alive`)));

test('the agent killed: containers go on, are taken up again, and an exit meanwhile is noticed', { skip }, async () => {
  const first = await allReady('before', () => 0);
  await crash(cluster, 'agent');
  await answers(first[0]!.pod);
  assert.deepEqual(await allReady('taken up again', () => 0), first);

  // The supervisor is held, so that the agent stays away while a container ends.
  const [victim] = first;
  const supervisor = supervisorOf(cluster, 'agent');
  process.kill(supervisor, 'SIGSTOP');
  process.kill(processOf(cluster, 'agent')!, 'SIGKILL');
  process.kill(mainProcess(victim!.id), 'SIGKILL');
  process.kill(supervisor, 'SIGCONT');
  const after = await allReady('the exit is noticed', ({ pod }) => (pod === victim!.pod ? 1 : 0));
  assert.notEqual(after[0]!.id, first[0]!.id);
  assert.deepEqual(after[1], first[1]);
});

test('containerd killed: it is started again and containers go on', { skip }, async () => {
  const before = await containers();
  const pid = containerdOf(cluster);
  process.kill(pid, 'SIGKILL');
  await eventually('containerd runs again', async () => containerdOf(cluster) !== pid);
  await answers(before[0]!.pod);
  assert.deepEqual(await containers(), before);
});

test('a container killed: it is started again and counted', { skip }, async () => {
  const before = await containers();
  process.kill(mainProcess(before[1]!.id), 'SIGKILL');
  const after = await allReady(
    'it runs again',
    (one) => before.find(({ pod }) => pod === one.pod)!.restarts + Number(one.pod === before[1]!.pod),
  );
  assert.deepEqual(after[0], before[0]);
  const pod: Pod = await read(`-n faults get pod ${before[1]!.pod}`);
  assert.equal(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 137);
});

test('a shim killed: its pod runs again, and nothing of the old one', { skip }, async () => {
  const before = await containers();
  const { pod, id } = before[0]!;
  const main = mainProcess(id);
  process.kill(parentOf(main), 'SIGKILL');
  await eventually('the pod is ready with another container', async () => {
    const now = await containers();
    const own = now.find((one) => one.pod === pod);
    return own?.ready === true && own.id !== id && now.every(({ ready }) => ready);
  });
  await answers(pod);
  assert.deepEqual(processesOfContainer(id), []);
  assert.deepEqual((await containers())[1], before[1]);
});

test('the agent away: the node becomes Unknown, pods keep running, everything comes back', { skip }, async () => {
  const before = await containers();
  const agent = processOf(cluster, 'agent')!;
  process.kill(agent, 'SIGSTOP');
  try {
    await eventually('the node is not known to be ready', async () => (await nodeIsReady()) === 'Unknown', 90_000);
    await eventually('nobody is sent there', async () => (await readyEndpoints()) === 0);
    for (const { id } of before) assert.ok(processesOfContainer(id).length > 0, 'its containers run');
  } finally {
    process.kill(agent, 'SIGCONT');
  }
  await eventually('the node is ready', async () => (await nodeIsReady()) === 'True');
  await eventually('endpoints are ready', async () => (await readyEndpoints()) === replicas);
  const restarts = new Map(before.map((one) => [one.pod, one.restarts]));
  assert.deepEqual(await allReady('pods are ready', ({ pod }) => restarts.get(pod)!), before);
  const { items }: { items: Node[] } = await read('get nodes');
  assert.deepEqual(items[0]?.spec?.taints ?? [], []);
});

test('supervisors killed with what they watch: up repairs it, and containers go on', { skip }, async () => {
  const before = await containers();
  for (const name of ['server', 'agent'] as const) process.kill(supervisorOf(cluster, name), 'SIGKILL');
  const again = await cluster.up();
  assert.equal(again.code, 0, again.stdout + again.stderr);
  await answers(before[0]!.pod);
  const restarts = new Map(before.map((one) => [one.pod, one.restarts]));
  assert.deepEqual(await allReady('pods are ready', ({ pod }) => restarts.get(pod)!), before);
  const pids = [processOf(cluster, 'server'), processOf(cluster, 'agent')];
  assert.equal((await cluster.up()).code, 0);
  assert.deepEqual([processOf(cluster, 'server'), processOf(cluster, 'agent')], pids, 'up leaves alone what runs');
});

test('server and agent started again, as by an upgrade: containers go on and are taken up again', {
  skip,
}, async () => {
  const before = await containers();
  const pids = [processOf(cluster, 'server'), processOf(cluster, 'agent')];
  const again = await cluster.up('--restart');
  assert.equal(again.code, 0, again.stdout + again.stderr);
  for (const [index, name] of (['server', 'agent'] as const).entries())
    assert.notEqual(processOf(cluster, name), pids[index]);
  await answers(before[0]!.pod);
  const restarts = new Map(before.map((one) => [one.pod, one.restarts]));
  assert.deepEqual(await allReady('pods are ready', ({ pod }) => restarts.get(pod)!), before);
});

test('down after a crash of everything leaves nothing behind', { skip }, async () => {
  const before = await containers();
  const namespaces = before.map(({ id }) => statSync(`/proc/${mainProcess(id)}/ns/net`).ino);
  for (const name of ['agent', 'server'] as const) {
    const pid = processOf(cluster, name)!;
    process.kill(supervisorOf(cluster, name), 'SIGKILL');
    // One dies too, the other one is an orphan.
    if (name === 'agent') process.kill(pid, 'SIGKILL');
  }
  process.kill(containerdOf(cluster), 'SIGKILL');
  process.kill(parentOf(mainProcess(before[0]!.id)), 'SIGKILL');
  const downed = await cluster.rempart('down', '--purge');
  assert.equal(downed.code, 0, downed.stdout + downed.stderr);
  assert.deepEqual(await leftovers(cluster), []);
  for (const { id } of before) assert.deepEqual(processesOfContainer(id), []);
  const left = networkNamespaces().filter((name) =>
    namespaces.includes(statSync(`/run/netns/${name}`, { throwIfNoEntry: false })?.ino ?? 0),
  );
  assert.deepEqual(left, []);
});
