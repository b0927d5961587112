import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { checked, type Development, noKubectl, startDevelopment } from './development.ts';

/** Helm 4, built from its module, installs helm/chart; the namespace keeps its closed defaults. */
const noGo = spawnSync('go', ['version']).status === 0 ? noKubectl : 'go is not installed';
const source = join(import.meta.dirname, 'helm');
const chart = join(source, 'chart');

let cluster: Development;
let run: (line: string) => Promise<{ stdout: string }>;
before(async () => {
  if (noGo) return;
  cluster = await startDevelopment();
  await cluster.kubectl('create namespace shop');
  const { folder, kubeconfig } = cluster;
  const program = join(folder, 'helm');
  const env = { ...process.env, CGO_ENABLED: '0' };
  // Minutes when nothing of Helm is in Go's build cache yet.
  const words = ['build', '-mod=readonly', '-o', program, 'helm.sh/helm/v4/cmd/helm'];
  await promisify(execFile)('go', words, { cwd: source, env });
  const homes = Object.fromEntries(
    ['CACHE', 'CONFIG', 'DATA'].map((name) => [`HELM_${name}_HOME`, join(folder, name)]),
  );
  const options = { env: { ...process.env, ...homes, KUBECONFIG: kubeconfig }, timeout: 120_000 };
  run = (line) => promisify(execFile)(program, [...line.split(' '), '--namespace', 'shop'], options);
});
after(() => cluster?.stop());

const helm = async (line: string): Promise<string> => (await run(line)).stdout;
const refused = (line: string): Promise<string> =>
  run(line).then(
    ({ stdout }) => assert.fail(stdout),
    ({ stderr }) => stderr,
  );
const shown = (line: string) => cluster.kubectl(`-n shop ${line}`);

test('a chart is rendered with what the server knows, installed after its hook, and waited for', {
  skip: noGo,
}, async () => {
  assert.match(await helm(`template shop ${chart} --dry-run=server`), /found: shop/);
  assert.match(await helm(`install shop ${chart} --wait --timeout 60s`), /STATUS: deployed[\s\S]*shop is green/);
  assert.equal(await shown('get deployment shop-web -o jsonpath={.status.readyReplicas}'), '2');
  assert.equal(await shown('get jobs -o name'), '', 'a hook that succeeded is deleted');
});

test('what helm template writes is judged as a whole: every object, and where its pods are careless', {
  skip: noGo,
}, async () => {
  const rendered = await helm(`template shop ${chart}`);
  const { summary, findings } = checked(rendered);
  assert.equal(summary.objects, rendered.match(/^kind: /gm)!.length);
  assert.deepEqual([summary.unreadable, summary.verdicts.pass > 100], [0, true]);
  const lines = rendered.split('\n').length;
  assert.ok(findings.every(({ line }: any) => line <= lines));
  assert.ok(findings.some(({ object }: any) => object.name === 'shop-nightly'));
});

test('an upgrade keeps what it looks up, and a dry run of one changes nothing', { skip: noGo }, async () => {
  const password = () => shown('get secret shop -o jsonpath={.data.password}');
  const before = await password();
  assert.match(await helm(`upgrade shop ${chart} --dry-run=server --set color=red`), /color: red/);
  assert.match(await helm('status shop'), /REVISION: 1/);
  assert.match(await helm(`upgrade shop ${chart} --set color=blue --wait --timeout 60s`), /shop is blue/);
  assert.equal(await shown('get configmap shop -o jsonpath={.data.color}'), 'blue');
  assert.equal(await password(), before);
});

test('an upgrade that is refused is taken back, and a release is rolled back by hand', { skip: noGo }, async () => {
  const spoilt = `upgrade shop ${chart} --set replicas=-1 --rollback-on-failure --timeout 30s`;
  assert.match(await refused(spoilt), /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/);
  assert.match(await helm('history shop'), /3 .*failed[\s\S]*4 .*deployed .*Rollback to 2/);
  await helm('rollback shop 1 --wait --timeout 60s');
  assert.equal(await shown('get configmap shop -o jsonpath={.data.color}'), 'green');
});

test('a field that another manager took is a conflict until it is forced', { skip: noGo }, async () => {
  await shown('scale deployment shop-web --replicas=3');
  assert.match(await refused(`upgrade shop ${chart} --timeout 30s`), /conflict with .*scale.*: \.spec\.replicas/);
  await helm(`upgrade shop ${chart} --force-conflicts --wait --timeout 60s`);
  assert.equal(await shown('get deployment shop-web -o jsonpath={.spec.replicas}'), '2');
});

test('a release is listed, read and tested', { skip: noGo }, async () => {
  assert.match(await helm('list'), /^NAME[\s\S]*shop\s+shop\s+7\s.*deployed\s+shop-0\.1\.0/);
  assert.match(await helm('get manifest shop'), /kind: PodDisruptionBudget/);
  assert.match(await helm('get hooks shop'), /helm\.sh\/hook: pre-install/);
  assert.match(await helm('test shop --timeout 60s'), /Phase: +Succeeded/);
});

test('an uninstalled release leaves what no release owns', { skip: noGo }, async () => {
  assert.match(await helm('uninstall shop --wait --timeout 60s'), /uninstalled/);
  const left = await shown(
    'get deployments,statefulsets,services,secrets,cronjobs,ingresses,roles,rolebindings -o name',
  );
  assert.equal(left, '');
  assert.equal(await shown('get pods -o name'), 'pod/shop-test\n', 'tests stay to be read');
});
