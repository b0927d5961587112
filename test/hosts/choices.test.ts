import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { testImageReference } from '../../src/node/runtimes/testing/busybox.ts';
import { eventually, root, run, cannotRunContainers as skip, testCluster } from './cluster.ts';
import { webPod } from './objects.ts';
import { type Outside, startOutside } from './outside.ts';
import { leftovers, processOf } from './processes.ts';

/** What the flags of `rempart up` open, tried from where somebody would use it, and two clusters on one machine. */
const cluster = testCluster(14);
const other = testCluster(15);
const { kubectl, tryKubectl, dataDirectory } = cluster;
const apiPort = 17_140;
let outside: Outside;

before(async () => {
  if (skip) return;
  await cluster.upWithImage();
  outside = await startOutside('10.99.214');
});
after(async () => {
  await outside?.remove();
  if (skip) return;
  await other.remove();
  await cluster.remove();
  assert.deepEqual([...(await leftovers(cluster)), ...(await leftovers(other))], []);
});

async function up(...flags: string[]): Promise<void> {
  const { code, stdout, stderr } = await cluster.up(...flags);
  assert.equal(code, 0, stdout + stderr);
}
const modes = async (): Promise<Record<string, string>> => {
  const { protections } = JSON.parse((await cluster.rempart('status', '--format', 'json')).stdout);
  return Object.fromEntries(protections.map(({ id, mode }: { id: string; mode: string }) => [id, mode]));
};

test('--listen opens the API on an address, to whom --allow-from names and to nobody else', { skip }, async () => {
  const greeting = () => outside.greeting(outside.gateway, apiPort);
  assert.equal(await greeting(), '');
  await up('--listen', outside.gateway, '--allow-from', `${outside.address}/32`);
  assert.equal(await greeting(), 'TLSv1.3');
  const words = ['--kubeconfig', cluster.kubeconfig, '--server', `https://${outside.gateway}:${apiPort}`];
  const seen = await run('ip', ['netns', 'exec', 'out99-214', 'kubectl', ...words, 'get', 'nodes']);
  assert.match(seen.stdout, /Ready/, seen.stderr);
  assert.equal((await modes())['api-on-loopback'], 'off');
  // The next one's address is not on the list: cut off before TLS.
  await up('--allow-from', '10.99.214.128/25');
  assert.equal(await greeting(), '');
  assert.match(await kubectl('get nodes'), /Ready/);
});

/** What each `--relax` says, and what is then so. */
const relaxed = {
  'anonymous-access': 'off',
  'pod-security': 'privileged',
  'namespace-isolation': 'off',
  'service-external-ips': 'off',
  'unprivileged-api-server': 'off',
  ...{ seccomp: 'off', audit: 'off', observations: 'off' },
};

test('what --relax switches off is off, and status and kubectl say so', { skip }, async () => {
  await up(...Object.entries(relaxed).flatMap(([id, mode]) => ['--relax', `${id}=${mode}`]));
  const told = await modes();
  const listed = await kubectl('get protections');
  for (const [id, mode] of Object.entries(relaxed)) {
    assert.equal(told[id], mode, id);
    assert.match(listed, new RegExp(`^${id} +\\w+ +${mode} `, 'm'));
  }
  const log = join(dataDirectory, 'server/audit/audit.log');
  const recorded = statSync(log).size;
  await kubectl('create namespace red');
  assert.equal(statSync(log).size, recorded, 'audit');
  const words = readFileSync(`/proc/${processOf(cluster, 'server')}/cmdline`, 'utf8').split('\0');
  assert.ok(!words.includes('--permission'), 'unprivileged-api-server');
  assert.equal(await anonymousStatus(), 403, 'anonymous-access: known as nobody in particular, and refused by roles');
  const container = { name: 'main', image: testImageReference, command: ['sleep', '3600'] };
  const open = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'open', namespace: 'red' } },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  };
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'elsewhere', namespace: 'red' } },
    spec: { ports: [{ port: 80 }], externalIPs: ['192.0.2.7'] },
  };
  await kubectl('create -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [open, service] }) });
  await kubectl('-n red wait --for=condition=Ready pod/open --timeout=60s');
  assert.match(await kubectl('-n red exec open -- cat /proc/self/status'), /^Seccomp:\s*0$/m, 'seccomp');
  const { address, port } = outside;
  await eventually('namespace-isolation', async () => {
    const reached = await tryKubectl(['-n', 'red', 'exec', 'open', '--', 'nc', '-w', '1', address, String(port)]);
    return reached.stdout === 'outside';
  });
  const seen = await run(join(root, 'bin/rempart'), ['observations', '--kubeconfig', cluster.kubeconfig]);
  assert.match(seen.stdout + seen.stderr, /it observes nothing: .*--relax observations=off/);
});

function anonymousStatus(): Promise<number | undefined> {
  const options = { host: '127.0.0.1', port: apiPort, path: '/api/v1/namespaces', rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    get({ ...options, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

test('two clusters live beside each other, and one ends without the other', { skip }, async () => {
  await other.upWithImage();
  const contexts = [cluster, other].map(
    ({ kubeconfig }) => parse(readFileSync(kubeconfig, 'utf8'))['current-context'] as string,
  );
  assert.deepEqual(
    contexts,
    [cluster, other].map(({ id }) => `rempart-${id}`),
  );
  await other.kubectl('create namespace red');
  await other.kubectl('-n red apply -f -', { input: JSON.stringify(webPod('web')) });
  await other.kubectl('-n red wait --for=condition=Ready pod/web --timeout=60s');
  assert.equal((await tryKubectl(['-n', 'red', 'get', 'pod', 'web'])).code, 1, 'it is a pod of the other one');
  const ended = await other.rempart('down', '--purge');
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  assert.deepEqual(await leftovers(other), []);
  assert.equal(await kubectl('-n red exec open -- echo here'), 'here\n');
});
