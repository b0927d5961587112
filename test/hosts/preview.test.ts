import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Flow, noObservations, type Observations } from '../../src/api/observations/observation.ts';
import type { Manifest } from '../../src/defence/contract.ts';
import { applyChanges } from '../../src/defence/preview/apply.ts';
import { preview, subjectText } from '../../src/defence/preview/preview.ts';
import { resolveChanges } from '../../src/defence/preview/resolve.ts';
import type { Change } from '../../src/defence/snapshot/snapshot.ts';
import { readSource } from '../../src/defence/source.ts';
import { worlds } from '../../src/policy/testing/worlds.ts';
import fc from '../property.ts';
import { eventually, root, run, cannotRunContainers as skip, testCluster } from './cluster.ts';

/** A preview is held against what happens: real pods, real packets, and the example application. */
const cluster = testCluster(5);
const { kubectl, tryKubectl, kubeconfig } = cluster;
const folder = mkdtempSync(join(tmpdir(), 'rempart-preview-'));
const manifests = join(root, 'examples/shop/manifests');

before(async () => {
  if (!skip) await cluster.demo();
});
after(async () => {
  if (!skip) await cluster.remove();
  rmSync(folder, { recursive: true, force: true });
});

const rempart = (...words: string[]) =>
  run(join(root, 'bin/rempart'), ['preview', '--kubeconfig', kubeconfig, ...words]);

const agentPort = 9001;
const ports = [8080, 8081];
/** Listens on both ports, and tries connections to others when asked by its node, which reaches it always. */
const program = `
  const net = require('net');
  require('http').createServer((request, response) => {
    const { searchParams } = new URL(request.url, 'http://x');
    const socket = net.connect({ host: searchParams.get('host'), port: Number(searchParams.get('port')) });
    const end = (answer) => { socket.destroy(); response.end(answer); };
    socket.setTimeout(700, () => end('no')).on('connect', () => end('yes')).on('error', () => end('no'));
  }).listen(${agentPort});
  for (const port of [${ports}]) net.createServer((socket) => socket.on('error', () => {}).end()).listen(port);`;

const labels = [{ app: 'x' }, { app: 'y', tier: 'x' }, { app: 'x', tier: 'y' }, { tier: 'x' }];
const places = labels.map((each, index) => ({
  namespace: index % 2 === 0 ? 'a' : 'b',
  name: `pod-${index}`,
  labels: each,
}));
type Place = (typeof places)[number] & { ip: string };

function podOf({ namespace, name, labels }: (typeof places)[number]): object {
  const container = {
    ...{ name: 'main', image: 'rempart.local/shop-api:1', command: ['/usr/bin/node', '-e', program] },
    ports: [
      { name: 'web', containerPort: 8080 },
      { name: 'dns', containerPort: 8081 },
    ],
    readinessProbe: { tcpSocket: { port: agentPort }, periodSeconds: 1 },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } };
  const spec = { automountServiceAccountToken: false, securityContext, containers: [container] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels }, spec };
}

/** Every pod towards every other on every port: `a/pod-0 b/pod-1 8080`. */
const triples = (pods: Place[]) =>
  pods.flatMap((from) => pods.filter((to) => to !== from).flatMap((to) => ports.map((port) => ({ from, to, port }))));
type Triple = ReturnType<typeof triples>[number];
const textOf = ({ from, to, port }: Triple) =>
  `pod ${from.namespace}/${from.name} → pod ${to.namespace}/${to.name} TCP ${port}`;

async function tryAll(pods: Place[]): Promise<Map<string, boolean>> {
  const tried = triples(pods).map(async (triple): Promise<[string, boolean]> => {
    const { from, to, port } = triple;
    const answer = await fetch(`http://${from.ip}:${agentPort}/?host=${to.ip}&port=${port}`);
    return [textOf(triple), (await answer.text()) === 'yes'];
  });
  return new Map(await Promise.all(tried));
}

/** What was tried is what was seen. */
function seenIn(pods: Place[], tried: Map<string, boolean>): Observations {
  const end = ({ namespace, name, labels }: Place) => ({
    type: 'pod' as const,
    namespace,
    name,
    labels: { ...labels } as Record<string, string>,
  });
  const flows = triples(pods).map(
    (triple): Flow => ({
      ...{ from: end(triple.from), to: end(triple.to), protocol: 'TCP', port: triple.port },
      ...{ allowed: tried.get(textOf(triple))!, firstMs: 0, lastMs: Date.now(), count: 1 },
    }),
  );
  const windows = { ...noObservations().windows, flows: [{ source: 'test', fromMs: 0, toMs: Date.now(), lost: 0 }] };
  return { ...noObservations(), flows, windows };
}

const trials = 12;
const seed = 20_260_102;

/** Changes as an author could write them: random policies put or removed, and modes of namespaces. */
function randomChanges(pods: Place[]): Change[][] {
  const put = new Set<string>();
  return fc.sample(worlds, { seed, numRuns: trials }).map((world, trial) => {
    const policies = world.policies.filter(({ metadata }) => metadata.namespace !== 'kube-system').slice(0, 2);
    const changes = policies.map(({ metadata: { namespace }, spec }, index): Change => {
      put.add(`${namespace}/p${index}`);
      const metadata = { namespace: namespace!, name: `p${index}` };
      return {
        put: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: withRealBlocks(spec, pods) },
      };
    });
    if (trial % 3 === 1 && put.size > 0) {
      const [first] = put;
      const [namespace = '', name = ''] = first!.split('/');
      if (
        !changes.some(
          (change) => 'put' in change && `${change.put.metadata.namespace}/${change.put.metadata.name}` === first,
        )
      ) {
        put.delete(first!);
        changes.push({ remove: { kind: 'NetworkPolicy.networking.k8s.io', namespace, name } });
      }
    }
    const mode = ['off', 'island', 'deny'][trial % 3]!;
    const namespace: Manifest = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: trial % 2 === 0 ? 'a' : 'b', labels: { 'rempart.io/isolation': mode } },
    };
    return trial % 4 === 3 || changes.length === 0 ? [...changes, { put: namespace }] : changes;
  });
}

/** Blocks of the random worlds hold no address of these pods: one of theirs, or everything. */
function withRealBlocks(spec: unknown, pods: Place[]): Manifest {
  const text = JSON.stringify(spec, (key, value) => {
    if (key !== 'ipBlock') return value;
    return value.cidr === '0.0.0.0/0'
      ? { cidr: value.cidr }
      : { cidr: `${pods[value.cidr.length % pods.length]!.ip}/32` };
  });
  return JSON.parse(text);
}

test('what is called safe never breaks, and what is said to break does', { skip }, async () => {
  for (const namespace of ['a', 'b']) await kubectl(`create namespace ${namespace}`);
  await kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: places.map(podOf) }) });
  for (const namespace of ['a', 'b'])
    await kubectl(`-n ${namespace} wait --for=condition=Ready pod --all --timeout=60s`);
  const listed = JSON.parse(await kubectl('get pods -A -o json')).items as Manifest[];
  const pods = places.map((place): Place => {
    const found = listed.find(({ metadata }) => metadata.namespace === place.namespace && metadata.name === place.name);
    return { ...place, ip: found!['status'].podIP };
  });
  const outcomes = { breaks: 0, opens: 0, safe: 0 };
  for (const [trial, wanted] of randomChanges(pods).entries()) {
    const tried = await tryAll(pods);
    const observations = seenIn(pods, tried);
    const source = await readSource({ kubeconfig, nowMs: Date.now() });
    const { changes, refusals } = await resolveChanges(wanted, source.snapshot, source.client);
    assert.deepEqual(refusals, [], `trial ${trial}`);
    const { impacts } = preview(source.snapshot, changes, observations, Date.now());
    await applyChanges(source.client!, wanted, undefined);
    source.close();
    const expected = new Map(tried);
    for (const { outcome, subject } of impacts.filter(({ subject }) => subject.type === 'flow')) {
      assert.notEqual(
        outcome,
        'unknown',
        `trial ${trial}: ${subjectText(subject)} passed, and the evaluator refused it`,
      );
      if (outcome !== 'unknown' && outcome !== 'changes') outcomes[outcome]++;
      expected.set(subjectText(subject), outcome === 'safe' || outcome === 'opens');
    }
    await eventually(
      `trial ${trial}: ${JSON.stringify(wanted)}`,
      async () => {
        const now = await tryAll(pods);
        const wrong = [...expected].filter(([text, passes]) => now.get(text) !== passes);
        if (wrong.length > 0) throw new Error(`otherwise than previewed: ${JSON.stringify(wrong)}`);
        return true;
      },
      10_000,
    );
  }
  for (const [outcome, count] of Object.entries(outcomes))
    assert.ok(count > 10, `only ${count} × ${outcome}: the trials say nothing`);
});

/** The shop's own policies with the front in place of the API before the database. */
const cutting = () => {
  const file = join(folder, 'database.yaml');
  const [database] = readFileSync(join(manifests, '2-policies.yaml'), 'utf8').split('\n---');
  writeFileSync(file, database!.replace('matchLabels: { app: api }', 'matchLabels: { app: front }'));
  return file;
};

async function databaseAnswers(): Promise<boolean> {
  const pod = (await kubectl('-n shop get pod -l app=api -o name')).trim().split('\n')[0]!;
  const { items } = JSON.parse(await kubectl('-n shop get pods -l app=database -o json'));
  const attempt = `require("net").connect({host:"${items[0].status.podIP}",port:6379,timeout:2000}).on("connect",()=>process.exit(0)).on("timeout",()=>process.exit(3)).on("error",()=>process.exit(4))`;
  return (await tryKubectl(['-n', 'shop', 'exec', pod, '--', '/usr/bin/node', '-e', attempt])).code === 0;
}

test('a policy that would cut the API from its database names exactly that flow', { skip }, async () => {
  assert.equal(await databaseAnswers(), true);
  const file = cutting();
  await eventually('the connection was recorded', async () => {
    const { stdout } = await rempart('-f', file, '--format', 'json');
    return JSON.parse(stdout).impacts.some(({ outcome }: any) => outcome === 'breaks');
  });
  const told = await rempart('-f', file, '--format', 'json');
  assert.equal(told.code, 2);
  const broken = JSON.parse(told.stdout).impacts.filter(({ outcome }: any) => outcome === 'breaks');
  assert.deepEqual(
    broken.map(({ subject }: any) => subject.text),
    ['Deployment shop/api → StatefulSet shop/database TCP 6379'],
  );
  assert.deepEqual(broken[0].by, ['NetworkPolicy shop/database']);
  assert.match(broken[0].allowance.text, /allow ingress Deployment shop\/api/);
  const dry = await tryKubectl(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', file]);
  assert.match(dry.stderr, /Warning: preview: breaks Deployment shop\/api -> StatefulSet shop\/database TCP 6379/);
});

test('it is not made without acceptance; made, it does cut it, and the undo restores it', { skip }, async () => {
  const file = cutting();
  const undoFile = join(folder, 'undo.json');
  const refused = await rempart('-f', file, '--apply');
  assert.equal(refused.code, 2);
  assert.match(refused.stdout, /Not made: 1 would break/);
  assert.equal(await databaseAnswers(), true);
  const made = await rempart('-f', file, '--apply', '--accept', 'the database moves tonight', '--undo-file', undoFile);
  assert.equal(made.code, 0, made.stdout + made.stderr);
  await eventually('the database does not answer', async () => !(await databaseAnswers()));
  const annotations = await kubectl('-n shop get networkpolicy database -o jsonpath={.metadata.annotations}');
  assert.match(annotations, /the database moves tonight/);
  const undone = await rempart('--undo', undoFile);
  assert.equal(undone.code, 0, undone.stdout + undone.stderr);
  await eventually('the database answers again', databaseAnswers);
});
