import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, root, run, cannotRunContainers as skip, testCluster } from './cluster.ts';
import { webPod } from './objects.ts';
import { crash, leftovers, processOf } from './processes.ts';

/** What real pods do on a real node, as the cluster tells it. */
const cluster = testCluster(13);
const { kubectl, tryKubectl, dataDirectory } = cluster;

const apply = (...objects: object[]) =>
  kubectl('-n red apply -f -', { input: objects.map((object) => JSON.stringify(object)).join('\n') });
const inPod = (script: string) => tryKubectl(['-n', 'red', 'exec', 'client', '--', 'sh', '-c', script]);
const connects = async () => (await inPod('nc -w 1 server 80 </dev/null')).code === 0;
const observations = async (selector: string): Promise<any[]> =>
  JSON.parse(await kubectl(`get observations -A -o json --field-selector ${selector}`)).items.map(
    ({ observed }: any) => observed,
  );
const between = (from: string, to: string) => (flow: any) => flow.from.name === from && flow.to.name === to;

before(async () => {
  if (skip) return;
  await cluster.upWithImage();
  await kubectl('create namespace red');
  await apply(webPod('client'), webPod('server'), {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'server' } },
    spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await kubectl('-n red wait --for=condition=Ready pod --all --timeout=60s');
});
after(async () => {
  if (skip) return;
  await cluster.remove();
  assert.deepEqual(await leftovers(cluster), []);
});

test('a pod that asks another by the name of its service is seen, with its question to DNS', { skip }, async () => {
  await eventually('the service answers', connects);
  const flow = await eventually('the flow is told', async () => {
    const flows = await observations('type=flows,allowed=true');
    return flows.find(between('client', 'server')) ?? false;
  });
  assert.deepEqual([flow.protocol, flow.port, flow.to.labels], ['TCP', 8080, { app: 'server' }]);
  const dns = (await observations('type=flows,allowed=true')).find(
    ({ from, protocol, port }) => from.name === 'client' && protocol === 'UDP' && port === 53,
  );
  assert.equal(dns.to.type, 'node');
});

test('what a policy drops is told with its name, and after a restart of the agent it is still known', {
  skip,
}, async () => {
  await apply({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed' } },
    spec: { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ ports: [{ port: 9 }] }] },
  });
  await eventually('it is closed', async () => !(await connects()));
  const find = async () => (await observations('type=flows,allowed=false')).find(between('client', 'server')) ?? false;
  const { drop } = await eventually<any>('the drop is told', find);
  assert.deepEqual([drop.side, drop.why, drop.by], ['ingress', 'policy', ['red/closed']]);
  assert.match(drop.nearest, /red\/closed ingress\[0\] allows this source, but only on TCP 9/);
  const told = await run(join(root, 'bin/rempart'), ['drops', '--kubeconfig', cluster.kubeconfig, '-n', 'red']);
  assert.match(told.stdout, /red\/client > red\/server TCP 8080 \(\d+\) {2}dropped by ingress policy red\/closed/);
  await crash(cluster, 'agent');
  await connects();
  await kubectl('-n red delete networkpolicy closed');
  await eventually('the agent is back', connects);
  const before = ((await find()) as any).count;
  assert.ok(before >= 1);
});

test('calls, addresses and images are told, and outlive the server', { skip }, async () => {
  const calls = await observations('type=calls');
  const created = calls.find(({ verb, resource }) => verb === 'create' && resource === 'namespaces');
  assert.deepEqual([created.user, created.allowed], ['rempart:admin', true]);
  assert.ok(
    (await observations('type=addresses')).some(
      ({ address, user }) => `${address} ${user}` === '127.0.0.1 rempart:admin',
    ),
  );
  await eventually('the images of running pods are told', async () =>
    (await observations('type=images')).some(({ workload, digest }) => workload === 'Pod/client' && digest !== ''),
  );
  // An orderly end writes what was observed; a crash may lose a minute of it.
  const pid = processOf(cluster, 'server')!;
  process.kill(pid, 'SIGTERM');
  await eventually('another server runs', async () => ![undefined, pid].includes(processOf(cluster, 'server')));
  const again = await eventually('it answers', async () => observations('type=calls'));
  assert.ok(
    again.some(
      ({ verb, resource, firstMs }) => verb === 'create' && resource === 'namespaces' && firstMs === created.firstMs,
    ),
  );
});

test('what a cluster saw can be written to a file and read from it', { skip }, async () => {
  const rempart = (...words: string[]) => run(join(root, 'bin/rempart'), words);
  const written = await rempart('observations', '--kubeconfig', cluster.kubeconfig, '--format', 'json');
  const file = join(dataDirectory, 'seen.jsonl');
  writeFileSync(file, written.stdout);
  const read = await rempart('observations', file);
  assert.equal(read.code, 0, read.stderr);
  assert.match(read.stdout, /flows +\d+ .* passed\n +red\/client → red\/server TCP 8080\n/);
});

test('a preview names the flow that a policy would cut, since when it was seen and how often', { skip }, async () => {
  const policy = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'shut', namespace: 'red' } },
    spec: { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] },
  };
  const file = join(dataDirectory, 'shut.json');
  writeFileSync(file, JSON.stringify(policy));
  const preview = await run(join(root, 'bin/rempart'), ['preview', '--kubeconfig', cluster.kubeconfig, '-f', file]);
  assert.equal(preview.code, 2, preview.stdout + preview.stderr);
  assert.match(preview.stdout, /red\/client.*red\/server.*8080/);
});

test('a mode that would cut what was seen is refused, naming it; accepted it is in force, and the undo takes it back', {
  skip,
}, async () => {
  const listed = await kubectl('get protections');
  assert.match(listed, /^namespace-isolation +cluster +island /m);
  const set = (mode: string, accepted?: string) => {
    const metadata = accepted === undefined ? {} : { annotations: { 'defence.rempart.io/accepted': accepted } };
    const patch = JSON.stringify({ metadata, spec: { mode } });
    return tryKubectl(['patch', 'protection', 'namespace-isolation', '--type=merge', '-p', patch]);
  };
  const refused = await set('deny');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /would break: .*red\/client.*red\/server.*8080/);
  assert.ok(await connects());
  const accepted = await set('deny', 'nothing may talk tonight');
  assert.equal(accepted.code, 0, accepted.stderr);
  await eventually('the mode is in force', async () => !(await connects()));
  const lines = readFileSync(join(dataDirectory, 'server/audit/audit.log'), 'utf8').trimEnd().split('\n');
  const { annotations } = JSON.parse(lines.findLast((line) => line.includes('island -> deny'))!);
  assert.match(annotations['defence.rempart.io/accepted'], /break: nothing may talk tonight/);
  const [, undo = ''] = annotations['defence.rempart.io/mode-change'].split('undo: ');
  const undone = await run('sh', ['-c', undo], { env: { KUBECONFIG: cluster.kubeconfig } });
  assert.equal(undone.code, 0, undone.stderr);
  await eventually('the pods talk again', connects);
});
