import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { usageKinds } from '../../src/server/server.ts';
import { startServer, type TestServer } from '../../src/server/testing/start.ts';

/** The machine's own kubectl against the real server on the memory engine. */
const missing = spawnSync('kubectl', ['version', '--client']).status === 0 ? false : 'kubectl is not installed';
const folder = mkdtempSync(join(tmpdir(), 'rempart-kubectl-'));
const kubeconfig = join(folder, 'kubeconfig');
let server: TestServer;

const measured = (usage: object) => ({ timestamp: new Date().toISOString(), window: '10s', ...usage });
before(async () => {
  const usage = { cpu: '250m', memory: '100Mi' };
  server = await startServer({
    extensions: {
      virtualKinds: usageKinds({
        nodes: async () => [{ metadata: { name: 'node-1' }, ...measured({ usage }) } as any],
        pods: async () => [
          {
            metadata: { name: 'p', namespace: 'default' },
            ...measured({ containers: [{ name: 'main', usage }] }),
          } as any,
        ],
      }),
    },
  });
  await server.writeKubeconfig(kubeconfig);
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

type Run = { code: number; out: string; err: string };
function run(args: string[], input = '', environment: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve) => {
    // A cache of its own: discovery of another server on the same port must not leak in.
    const all = ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'cache'), ...args];
    const child = execFile(
      'kubectl',
      all,
      { timeout: 60_000, env: { ...process.env, ...environment } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
    child.stdin!.end(input);
  });
}

async function kubectl(line: string, input?: string): Promise<string> {
  const { code, out, err } = await run(line.split(' '), input);
  assert.equal(code, 0, `kubectl ${line}: ${err}${out}`);
  return out;
}

const manifest = (replicas: number, image = 'nginx:1') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "${image}", resources: {requests: {cpu: 100m}}}]}
`;

test('apply creates, changes, does nothing when nothing changed, and diff says which', { skip: missing }, async () => {
  assert.match(await kubectl('apply -f -', manifest(2)), /created/);
  assert.match(await kubectl('apply -f -', manifest(2)), /unchanged/);
  assert.equal((await run(['diff', '-f', '-'], manifest(2))).code, 0);
  const diff = await run(['diff', '-f', '-'], manifest(3));
  assert.equal(diff.code, 1);
  assert.match(diff.out, /\+ {2}replicas: 3/);
  assert.match(await kubectl('apply -f -', manifest(3)), /configured/);
  assert.match(await kubectl('apply --server-side --force-conflicts -f -', manifest(3)), /serverside-applied/);
  assert.match(await kubectl('get deployment web -o wide'), /NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS/);
});

test('scale, patch in every type, label, annotate, set image and edit', { skip: missing }, async () => {
  await kubectl('create deployment changed --image=nginx:1');
  await kubectl('scale deployment changed --replicas=4');
  await kubectl('patch deployment changed -p {"spec":{"replicas":5}}');
  await kubectl('patch deployment changed --type=merge -p {"spec":{"replicas":6}}');
  await kubectl('patch deployment changed --type=json -p [{"op":"replace","path":"/spec/replicas","value":7}]');
  await kubectl('label deployment changed tier=front');
  await kubectl('annotate deployment changed note=yes');
  await kubectl('set image deployment/changed nginx=nginx:2');
  const shown = JSON.parse(await kubectl('get deployment changed -o json'));
  assert.equal(shown.spec.replicas, 7);
  assert.equal(shown.metadata.labels.tier, 'front');
  assert.equal(shown.spec.template.spec.containers[0].image, 'nginx:2');
});

test('typed creates, which send protobuf', { skip: missing }, async () => {
  await kubectl('create namespace made');
  await kubectl('-n made create configmap c --from-literal=a=b');
  await kubectl('-n made create secret generic s --from-literal=a=b');
  await kubectl('-n made create serviceaccount robot');
  await kubectl('-n made create role reader --verb=get --resource=pods');
  await kubectl('-n made create rolebinding reader --role=reader --serviceaccount=made:robot');
  await kubectl('-n made create service clusterip web --tcp=80:8080');
  await kubectl('-n made create job once --image=busybox');
  await kubectl('-n made create quota q --hard=pods=5');
  await kubectl('-n made create poddisruptionbudget b --selector=app=web --min-available=1');
  await kubectl('-n made create ingress i --rule=example.com/=web:80');
  await kubectl('create priorityclass high --value=1000');
  const job = JSON.parse(await kubectl('-n made get job once -o json'));
  assert.equal(job.spec.backoffLimit, 6);
  const service = JSON.parse(await kubectl('-n made get service web -o json'));
  assert.equal(service.spec.ports[0].targetPort, 8080);
});

test('wait sees a condition, delete waits until the object is gone', { skip: missing }, async () => {
  await kubectl('create deployment awaited --image=nginx');
  const waiting = kubectl('wait --for=condition=Available deployment/awaited --timeout=30s');
  const status = '{"status":{"conditions":[{"type":"Available","status":"True"}]}}';
  await kubectl(`patch deployment awaited --subresource=status --type=merge -p ${status}`);
  assert.match(await waiting, /condition met/);
  assert.match(await kubectl('delete deployment awaited'), /deleted/);
  assert.equal((await run(['get', 'deployment', 'awaited'])).code, 1);
});

test('get --watch shows changes as they come', { skip: missing }, async () => {
  await kubectl('-n kube-system create configmap listed --from-literal=a=b');
  const words = ['--kubeconfig', kubeconfig, 'get', 'configmaps', '--watch', '--request-timeout=30s'];
  const watching = spawn('kubectl', [...words, '-n', 'kube-system']);
  let out = '';
  for await (const chunk of watching.stdout) {
    const wasListed = /listed +1/.test(out);
    out += chunk;
    if (/seen +1/.test(out)) break;
    if (!wasListed && /listed +1/.test(out)) await kubectl('-n kube-system create configmap seen --from-literal=a=b');
  }
  watching.kill();
  assert.match(out, /NAME +DATA +AGE[\s\S]*seen +1/);
});

test('explain, api-resources, api-versions and version', { skip: missing }, async () => {
  assert.match(await kubectl('explain deployment.spec.template.spec.containers.livenessProbe'), /httpGet/);
  assert.match(await kubectl('explain pod.spec --recursive'), /volumeMounts/);
  for (const form of ['plaintext', 'plaintext-openapiv2'])
    assert.match(await kubectl(`explain --output ${form} deployment.spec.replicas`), /How many pods\. Default 1\./);
  assert.match(await kubectl('api-resources'), /deployments +deploy +apps\/v1 +true +Deployment/);
  assert.match(await kubectl('api-resources --namespaced=false --verbs=list -o name'), /nodes/);
  assert.match(await kubectl('api-versions'), /apps\/v1/);
  assert.match(await kubectl('version -o json'), /"gitVersion": "v1\.36\.0\+rempart"/);
});

test('unknown fields are refused before anything is created', { skip: missing }, async () => {
  const { code, err } = await run(['apply', '-f', '-'], manifest(1).replace('replicas:', 'replica:'));
  assert.equal(code, 1);
  assert.match(err, /unknown field "spec.replica"/);
});

test('auth: whoami and can-i', { skip: missing }, async () => {
  assert.match(await kubectl('auth whoami'), /test-admin/);
  assert.match(await kubectl('auth can-i create pods'), /yes/);
  assert.match(await kubectl('auth can-i --list'), /\*\.\*/);
});

test('top, cordon, drain with a budget in the way, uncordon', { skip: missing }, async () => {
  await kubectl('create -f -', 'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n');
  const capacity = '{"status":{"capacity":{"cpu":"1","memory":"1Gi"},"allocatable":{"cpu":"1","memory":"1Gi"}}}';
  await kubectl(`patch node node-1 --subresource=status --type=merge -p ${capacity}`);
  assert.match(await kubectl('top nodes'), /node-1 +250m +25%/);
  assert.match(await kubectl('top pods'), /p +250m +100Mi/);
  await kubectl(
    'create -f -',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p}}\nspec: {nodeName: node-1, terminationGracePeriodSeconds: 0, containers: [{name: main, image: x}]}\n',
  );
  const running = '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}';
  await kubectl(`patch pod p --subresource=status --type=merge -p ${running}`);
  await kubectl('create poddisruptionbudget p --selector=app=p --min-available=1');
  const spent = '{"status":{"observedGeneration":1,"disruptionsAllowed":0,"desiredHealthy":1,"currentHealthy":1}}';
  await kubectl(`patch poddisruptionbudget p --subresource=status --type=merge -p ${spent}`);
  const blocked = await run(['drain', 'node-1', '--force', '--timeout=1s']);
  assert.notEqual(blocked.code, 0);
  assert.match(blocked.err, /violate the pod's disruption budget/);
  await kubectl('delete poddisruptionbudget p');
  await kubectl('drain node-1 --force --timeout=20s');
  assert.match(await kubectl('get nodes'), /SchedulingDisabled/);
  await kubectl('uncordon node-1');
});

test('describe, expose, run, rollout history and delete by label', { skip: missing }, async () => {
  await kubectl('run single --image=nginx --port=80 --labels=kind=single');
  assert.match(await kubectl('describe pod single'), /Image: +nginx/);
  await kubectl('expose pod single --port=80');
  assert.match(await kubectl('describe service single'), /IP: +10\.96\./);
  await kubectl('delete pod,service -l kind=single');
  assert.equal((await run(['get', 'pod', 'single'])).code, 1);
});

test('a token for a service account, and raw paths', { skip: missing }, async () => {
  assert.match(await kubectl('get --raw /readyz?verbose'), /\[\+\]store ok/);
  assert.match(await kubectl('get --raw /metrics'), /apiserver_request_total/);
  assert.match(await kubectl('get --raw /openapi/v2'), /^\{"swagger":"2\.0"/);
});

test('edit changes an object in an editor', { skip: missing }, async () => {
  await kubectl('create configmap edited --from-literal=colour=red');
  const { code, err } = await run(['edit', 'configmap', 'edited'], '', { KUBE_EDITOR: 'sed -i s/red/blue/' });
  assert.equal(code, 0, err);
  assert.equal(await kubectl('get configmap edited -o jsonpath={.data.colour}'), 'blue');
});

test('debug adds an ephemeral container', { skip: missing }, async () => {
  await kubectl('run debugged --image=nginx');
  await kubectl('debug debugged --image=busybox --container=tool --profile=general -- true');
  assert.equal(await kubectl('get pod debugged -o jsonpath={.spec.ephemeralContainers[*].name}'), 'tool');
});
