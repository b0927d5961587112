import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, root, run, cannotRunContainers as skip, testCluster } from './cluster.ts';

/**
 * The main job: an application of three tiers in real containers, deployed by an unmodified kubectl on a cluster that
 * one command started, with every protection on. The tests build on each other, in this order.
 */
const cluster = testCluster(1);
const { kubectl, tryKubectl } = cluster;
const manifests = join(root, 'examples/shop/manifests');
const folder = mkdtempSync(join(tmpdir(), 'rempart-shop-'));

before(async () => {
  if (!skip) await cluster.demo();
});
after(async () => {
  if (!skip) await cluster.remove();
  rmSync(folder, { recursive: true, force: true });
});

const podOf = async (app: string) => (await kubectl(`-n shop get pod -l app=${app} -o name`)).trim().split('\n')[0]!;
const list = async (path: string) => JSON.parse(await kubectl(`get --raw ${path}`));
/** Fetches through a port-forward, which works whatever the network policies say. */
async function forwarded(target: string, port: number, path: string, body?: string): Promise<string> {
  const forward = spawn('kubectl', ['-n', 'shop', 'port-forward', target, `:${port}`], {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
  });
  try {
    const local = await new Promise<string>((resolve, reject) => {
      forward.stdout.on('data', (text) => /127\.0\.0\.1:(\d+)/.exec(String(text)) && resolve(RegExp.$1));
      forward.stderr.on('data', (text) => reject(new Error(String(text))));
    });
    const response = await fetch(
      `http://127.0.0.1:${local}${path}`,
      body === undefined ? {} : { method: 'POST', body },
    );
    return await response.text();
  } finally {
    forward.kill();
  }
}

test('the shop works from front to database', { skip }, async () => {
  await kubectl('-n shop rollout status deployment/front deployment/api statefulset/database --timeout=60s');
  assert.match(await forwarded('service/front', 80, '/'), /<h1>The shop<\/h1>/);
  assert.deepEqual(JSON.parse(await forwarded('service/front', 80, '/api/items', 'bread')), { items: ['bread'] });
});

test('get, describe, explain, api-resources and auth can-i', { skip }, async () => {
  assert.match(await kubectl('-n shop get pods'), /NAME +READY +STATUS +RESTARTS +AGE\n.*1\/1 +Running/);
  assert.match(await kubectl('-n shop get pods -o wide'), /IP +NODE/);
  assert.match(await kubectl('get nodes'), /Ready +control-plane.* v1\.36/);
  assert.match(await kubectl('-n shop get all'), /service\/front +NodePort/);
  assert.match(await kubectl('-n shop describe pod -l app=api'), /Events:[\s\S]*Scheduled[\s\S]*Started/);
  assert.match(await kubectl('explain deployment.spec.strategy'), /rollingUpdate/);
  assert.match(await kubectl('api-resources'), /deployments +deploy +apps\/v1 +true +Deployment/);
  assert.equal((await kubectl('auth can-i create deployments')).trim(), 'yes');
  const denied = await tryKubectl(['auth', 'can-i', 'list', 'secrets', '--as', 'system:serviceaccount:shop:default']);
  assert.equal(denied.stdout.trim(), 'no');
});

test('logs, exec and cp', { skip }, async () => {
  assert.match(await kubectl(`-n shop logs ${await podOf('api')}`), /listening on 8080/);
  const following = spawn('kubectl', ['-n', 'shop', 'logs', '-f', await podOf('api')], {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
  });
  await new Promise((resolve) => following.stdout.once('data', resolve));
  following.kill();
  const pod = await podOf('api');
  const printed = await tryKubectl(
    ['-n', 'shop', 'exec', '-i', pod, '--', '/usr/bin/node', '-e', 'process.stdin.pipe(process.stdout)'],
    {
      input: 'through stdin',
    },
  );
  assert.equal(printed.stdout, 'through stdin');
  const failed = await tryKubectl(['-n', 'shop', 'exec', pod, '--', '/usr/bin/node', '-e', 'process.exit(7)']);
  assert.equal(failed.code, 7);
  const terminal = await run(
    'script',
    ['-qec', `kubectl -n shop exec -it ${pod} -- /usr/bin/node -p process.stdout.isTTY`, '/dev/null'],
    { env: { KUBECONFIG: cluster.kubeconfig } },
  );
  assert.match(terminal.stdout, /true/);
});

test('apply is idempotent, diff and patch change what they say', { skip }, async () => {
  // The demo applied them on the server's side; from now on kubectl keeps its own record.
  await kubectl(`apply -f ${manifests}`);
  // On any Kubernetes kubectl calls these changed each time: stringData and claims are filled in, a budget's selector is
  // replaced as a whole.
  const again = (await kubectl(`apply -f ${manifests}`))
    .split('\n')
    .filter((line) => !/^(secret|statefulset|poddisruptionbudget)/.test(line));
  assert.doesNotMatch(again.join('\n'), /configured|created/);
  const changed = join(folder, 'api.yaml');
  writeFileSync(changed, readFileSync(join(manifests, '4-api.yaml'), 'utf8').replace('replicas: 2', 'replicas: 3'));
  const diff = await tryKubectl(['diff', '-f', changed]);
  assert.equal(diff.code, 1);
  assert.match(diff.stdout, /-\s+replicas: 2\n\+\s+replicas: 3/);
  await kubectl('-n shop patch deployment api --type=json -p [{"op":"replace","path":"/spec/replicas","value":3}]');
  await kubectl('-n shop patch deployment api -p {"metadata":{"labels":{"patched":"yes"}}}');
  assert.match(await kubectl('-n shop get deployment api -L patched'), /3\/|yes/);
  await kubectl('-n shop scale deployment api --replicas=2');
  await kubectl('-n shop wait deployment/api --for=jsonpath={.status.readyReplicas}=2 --timeout=60s');
});

test('rollout restart, status, history and undo', { skip }, async () => {
  await kubectl('-n shop rollout restart deployment/front');
  await kubectl('-n shop rollout status deployment/front --timeout=90s');
  assert.match(await kubectl('-n shop rollout history deployment/front'), /\n2 /);
  await kubectl('-n shop set image deployment/front nginx=rempart.local/does-not-exist:1');
  await eventually('the pull fails visibly', async () =>
    /ImagePull|ErrImage/.test(await kubectl('-n shop get pods -l app=front')),
  );
  await kubectl('-n shop rollout undo deployment/front');
  await kubectl('-n shop rollout status deployment/front --timeout=90s');
});

test('top shows what nodes and pods use', { skip }, async () => {
  await eventually('top answers', async () => /\d+m +\d+% +\d+Mi/.test(await kubectl('top nodes')));
  assert.match(await kubectl('-n shop top pods'), /api-\S+ +\d+m +\d+Mi/);
});

test('the database answers the API and nobody outside', { skip }, async () => {
  const [{ status }] = (await list('/api/v1/namespaces/shop/pods?labelSelector=app%3Ddatabase')).items;
  const probe = (namespace: string, pod: string) =>
    tryKubectl([
      ...['-n', namespace, 'exec', pod, '--', '/usr/bin/node', '-e'],
      `require("net").connect({host:"${status.podIP}",port:6379,timeout:2000}).on("connect",()=>process.exit(0))` +
        '.on("timeout",()=>process.exit(3)).on("error",()=>process.exit(4))',
    ]);
  assert.equal((await probe('shop', await podOf('api'))).code, 0, 'the API reaches its database');

  await kubectl('create namespace stranger');
  const api = JSON.parse(await kubectl('-n shop get deployment api -o json')).spec.template.spec;
  const container = {
    ...api.containers[0],
    command: ['/usr/bin/node', '-e', 'setInterval(()=>{},1000)'],
    env: [],
    volumeMounts: [],
  };
  delete container.readinessProbe;
  delete container.livenessProbe;
  const stranger = { ...api, containers: [container], volumes: [] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'stranger', namespace: 'stranger' }, spec: stranger };
  await kubectl('apply -f -', { input: JSON.stringify(pod) });
  await kubectl('-n stranger wait pod/stranger --for=condition=Ready --timeout=60s');
  assert.equal((await probe('stranger', 'stranger')).code, 3, 'a stranger does not');

  await kubectl('label namespace stranger rempart.io/isolation=off');
  assert.equal((await probe('stranger', 'stranger')).code, 3, 'nor when its own island is opened: the policy decides');
});

test('a pod that is not restricted is refused with the field, the patch and the command', { skip }, async () => {
  const privileged = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'careless', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'careless' } },
      template: {
        metadata: { labels: { app: 'careless' } },
        spec: {
          containers: [{ name: 'main', image: 'rempart.local/shop-api:1', securityContext: { privileged: true } }],
        },
      },
    },
  };
  const told = await tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(privileged) });
  assert.match(told.stderr, /Warning: .*privileged/s);
  assert.match(told.stderr, /kubectl label namespace shop pod-security\.kubernetes\.io\/enforce=/);
  await eventually('the ReplicaSet says why', async () => /privileged/.test(await kubectl('-n shop get events')));
  await kubectl('-n shop delete deployment careless');
});

test('drain respects the budget, uncordon brings back', { skip }, async () => {
  const node = (await kubectl('get nodes -o name')).trim().replace('node/', '');
  const drained = await tryKubectl([
    'drain',
    node,
    '--ignore-daemonsets',
    '--delete-emptydir-data',
    '--timeout=8s',
    '--pod-selector=app=api',
  ]);
  assert.notEqual(drained.code, 0, 'one of two pods may go, the other finds no other node');
  assert.match(drained.stderr, /disruption budget/);
  await kubectl(`uncordon ${node}`);
  await kubectl('-n shop rollout status deployment/api --timeout=60s');
});

test('data outlives its pod, and down and up', { skip }, async () => {
  await kubectl('-n shop delete pod database-0');
  await kubectl('-n shop rollout status statefulset/database --timeout=60s');
  await eventually('the shop has its items', async () =>
    /bread/.test(await forwarded('service/front', 80, '/api/items')),
  );
  const downed = await cluster.rempart('down');
  assert.equal(downed.code, 0, downed.stderr);
  await leavesNothing();
  const upped = await cluster.up();
  assert.equal(upped.code, 0, upped.stderr);
  await kubectl('-n shop rollout status deployment/front deployment/api statefulset/database --timeout=90s');
  await eventually('the shop has its items', async () =>
    /bread/.test(await forwarded('service/front', 80, '/api/items')),
  );
});

test('delete of a namespace ends everything in it', { skip }, async () => {
  await kubectl('delete namespace shop stranger --timeout=90s');
  const pods = await list('/api/v1/pods');
  assert.deepEqual(
    pods.items.map((pod: any) => pod.metadata.namespace).filter((namespace: string) => namespace === 'shop'),
    [],
  );
});

test('down --purge leaves nothing behind', { skip }, async () => {
  assert.equal((await cluster.rempart('down', '--purge')).code, 0);
  await leavesNothing();
});

/** No process, mount, network namespace, nft table or cgroup of the cluster. */
async function leavesNothing(): Promise<void> {
  const { dataDirectory } = cluster;
  const run_ = cluster.runDirectory;
  const shell = async (file: string, ...words: string[]) => (await run(file, words)).stdout;
  const processes = (await shell('ps', '-eo', 'args'))
    .split('\n')
    .filter((line) => line.includes(dataDirectory) || line.includes(run_));
  assert.deepEqual(processes, []);
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(dataDirectory) || line.includes(run_));
  assert.deepEqual(mounts, []);
  assert.doesNotMatch(await shell('nft', 'list', 'tables'), new RegExp(cluster.id));
  assert.doesNotMatch(await shell('ip', 'link'), new RegExp(cluster.id));
  assert.equal(await shell('find', '/sys/fs/cgroup', '-maxdepth', '4', '-name', `*${cluster.id}*`), '');
}
