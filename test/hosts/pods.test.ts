import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Pod } from '../../src/api/schema/types.d.ts';
import { cgroupFolder, isCgroupVersion2 } from '../../src/node/runtimes/cgroups.ts';
import { testImageReference as image } from '../../src/node/runtimes/testing/busybox.ts';
import { eventually, cannotRunContainers as skip, testCluster } from './cluster.ts';
import { leftovers } from './processes.ts';

/** What a user of Kubernetes expects of pods and workloads, by kubectl on one real node. */
const cluster = testCluster(7);
const { kubectl, tryKubectl, dataDirectory } = cluster;
const folder = mkdtempSync(join(tmpdir(), 'rempart-pods-'));

before(async () => {
  if (skip) return;
  await cluster.upWithImage();
  await kubectl('create namespace work');
  // Host paths and root are asked for below.
  await kubectl('label namespace work pod-security.kubernetes.io/enforce=privileged');
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (skip) return;
  await cluster.remove();
  assert.deepEqual(await leftovers(cluster), []);
});

const forever = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
const shell = (script: string, more: object = {}) => ({
  ...{ name: 'main', image, command: ['sh', '-c', script] },
  ...more,
});
const pod = (name: string, container: object, more: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
  spec: { terminationGracePeriodSeconds: 1, containers: [container], ...more },
});
const workload = (kind: string, name: string, container: object, more: object = {}) => ({
  ...{ apiVersion: 'apps/v1', kind, metadata: { name } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    },
    ...more,
  },
});
const apply = (...objects: object[]) =>
  kubectl('-n work apply -f -', { input: objects.map((object) => JSON.stringify(object)).join('\n') });
const read = async <T>(words: string): Promise<T> => JSON.parse(await kubectl(`-n work get ${words} -o json`));
const readPod = (name: string) => read<Pod>(`pod ${name}`);
const ready = (name: string) => kubectl(`-n work wait --for=condition=Ready pod/${name} --timeout=60s`);
async function inPod(name: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await tryKubectl([
    '-n',
    'work',
    'exec',
    name,
    '-c',
    'main',
    '--',
    'sh',
    '-c',
    script,
  ]);
  assert.equal(code, 0, `${script}: ${stderr}`);
  return stdout;
}
const waitingFor = async (name: string, reason: string) =>
  eventually(`${name} waits: ${reason}`, async () => {
    const [status] = (await readPod(name)).status?.containerStatuses ?? [];
    return status?.state?.waiting?.reason === reason;
  });

test('environment and volumes come from where they should, and follow it while the pod runs', { skip }, async () => {
  await kubectl('-n work create configmap settings --from-literal=a=1');
  await kubectl('-n work create secret generic keys --from-literal=b=2');
  const volumes = [
    { name: 'settings', configMap: { name: 'settings' } },
    { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } },
    { name: 'scratch', emptyDir: {} },
    { name: 'about', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    { name: 'made', hostPath: { path: join(folder, 'made'), type: 'DirectoryOrCreate' } },
    {
      name: 'all',
      projected: {
        sources: [
          { configMap: { name: 'settings' } },
          { secret: { name: 'keys' } },
          { serviceAccountToken: { path: 'token', audience: 'elsewhere', expirationSeconds: 600 } },
        ],
      },
    },
  ];
  const volumeMounts = [
    ...volumes.map(({ name }) => ({ name, mountPath: `/${name}` })),
    { name: 'settings', mountPath: '/fixed', subPath: 'a' },
    { name: 'scratch', mountPath: '/mine', subPathExpr: 'of-$(NAME)' },
  ];
  const env = [
    { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
  ];
  const envFrom = [{ prefix: 'FROM_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }];
  const resources = { limits: { memory: '64Mi' } };
  await apply(
    pod('full', shell(forever, { env, envFrom, volumeMounts, resources }), { volumes }),
    pod('lost', shell(forever), {
      volumes: [{ name: 'x', hostPath: { path: join(folder, 'no'), type: 'Directory' } }],
    }),
  );
  await ready('full');
  assert.equal(await inPod('full', 'echo $NAME $MEMORY $FROM_a $b'), 'full 67108864 1 2\n');
  assert.equal(
    await inPod('full', 'cat /settings/a /keys/b /all/a /all/b /fixed; stat -L -c %a /keys/b'),
    '12121400\n',
  );
  const [, claims] = (await inPod('full', 'cat /all/token')).split('.');
  assert.deepEqual(JSON.parse(Buffer.from(claims!, 'base64url').toString()).aud, ['elsewhere']);
  await inPod('full', 'touch /mine/x && test -f /scratch/of-full/x');
  assert.ok(existsSync(join(folder, 'made')));
  await kubectl('-n work patch configmap settings -p {"data":{"a":"11"}}');
  await kubectl('-n work patch secret keys -p {"stringData":{"b":"22"}}');
  await kubectl('-n work label pod full colour=green');
  const after = '11221122 1 colour="green"';
  await eventually(
    'the volumes follow, a subPath stays',
    async () =>
      (
        await inPod(
          'full',
          'cat /settings/a /keys/b /all/a /all/b; echo "" $(cat /fixed; echo; grep colour /about/labels)',
        )
      ).trim() === after,
  );
  await eventually('the missing host path is told', async () =>
    /FailedMount.*is not a Directory/.test(await kubectl('-n work describe pod lost')),
  );
  await kubectl('-n work delete pod full lost');
});

test('init container, sidecar, hooks and termination happen in their order', { skip }, async () => {
  const order = { name: 'order', hostPath: { path: folder } };
  const mounted = { volumeMounts: [{ name: 'order', mountPath: '/order' }] };
  const say = (word: string) => `echo ${word} >> /order/order`;
  const hook = (word: string) => ({ exec: { command: ['sh', '-c', say(word)] } });
  const trapped = (word: string) =>
    `${say(word)}; trap "${say(`${word}-ends`)}; exit 0" TERM; while true; do sleep 0.1; done`;
  const initContainers = [
    shell(say('init'), { ...mounted, name: 'init' }),
    shell(trapped('sidecar'), {
      ...{ ...mounted, name: 'sidecar', restartPolicy: 'Always' },
      startupProbe: { exec: { command: ['grep', '-q', 'sidecar', '/order/order'] }, periodSeconds: 1 },
    }),
  ];
  const lifecycle = { preStop: hook('preStop') };
  await apply(
    pod('ordered', shell(trapped('main'), { ...mounted, lifecycle }), {
      ...{ initContainers, volumes: [order], terminationGracePeriodSeconds: 20 },
    }),
  );
  await ready('ordered');
  await kubectl('-n work delete pod ordered --timeout=15s');
  const words = readFileSync(join(folder, 'order'), 'utf8').trim().split('\n');
  assert.deepEqual(words, ['init', 'sidecar', 'main', 'preStop', 'main-ends', 'sidecar-ends']);
});

test('probes of each kind decide, and a failure is one event that is counted', { skip }, async () => {
  const web = (more: object) => ({ name: 'main', image, command: ['httpd', '-f', '-p', '8080'], ...more });
  const often = { periodSeconds: 1, failureThreshold: 1 };
  const there = { tcpSocket: { port: 8080 }, ...often };
  await apply(
    pod('alive', web({ livenessProbe: { httpGet: { path: '/gone', port: 8080 }, ...often } })),
    pod('tcp', web({ startupProbe: { ...there, failureThreshold: 30 }, readinessProbe: there })),
    pod('exec', web({ readinessProbe: { exec: { command: ['test', '-f', '/tmp/on'] }, ...often } })),
    pod('grpc', web({ readinessProbe: { grpc: { port: 8080 }, ...often } })),
  );
  await ready('tcp');
  await eventually('the failing one is restarted', async () => {
    const [status] = (await readPod('alive')).status?.containerStatuses ?? [];
    return (status?.restartCount ?? 0) > 0;
  });
  await inPod('exec', 'touch /tmp/on');
  await ready('exec');
  await inPod('exec', 'rm /tmp/on');
  await kubectl('-n work wait --for=condition=Ready=false pod/exec --timeout=20s');
  await eventually('one event, counted', async () => {
    const { items } = await read<{ items: { message: string; count?: number; series?: { count: number } }[] }>(
      'events --field-selector involvedObject.name=grpc,reason=Unhealthy',
    );
    assert.ok(items.length <= 1, items.map(({ message }) => message).join('\n'));
    return (items[0]?.count ?? items[0]?.series?.count ?? 0) >= 3;
  });
  await kubectl('-n work delete pod alive tcp exec grpc');
});

test('limits are in the kernel, and what cannot run says why', { skip }, async () => {
  const limits = { memory: '32Mi', cpu: '100m' };
  const named = (name: string, reference: string, more: object = {}) =>
    pod(name, { name: 'main', image: reference, ...more });
  await apply(
    pod('limited', shell(forever, { resources: { limits } })),
    pod('greedy', shell('yes | tr "\\n" x | head -c 200000000 | grep n', { resources: { limits } }), {
      restartPolicy: 'Never',
    }),
    named('never', 'rempart.local/none:1', { imagePullPolicy: 'Never' }),
    named('unreachable', '127.0.0.1:1/none:1'),
    named('misnamed', 'UPPER/Bad:::'),
    named('unconfigured', image, { envFrom: [{ configMapRef: { name: 'absent' } }] }),
    pod('homeless', shell(forever), { nodeSelector: { no: 'where' } }),
  );
  await ready('limited');
  const { metadata, status } = await readPod('limited');
  assert.equal(status!.qosClass, 'Guaranteed');
  const limitFile = isCgroupVersion2() ? 'memory.max' : 'memory.limit_in_bytes';
  const place = cgroupFolder('memory', `rempart-${cluster.id}/guaranteed/pod${metadata.uid}`);
  assert.equal(readFileSync(join(place, limitFile), 'utf8').trim(), String(32 * 2 ** 20));
  await waitingFor('never', 'ErrImageNeverPull');
  await waitingFor('unreachable', 'ImagePullBackOff');
  await waitingFor('misnamed', 'InvalidImageName');
  await waitingFor('unconfigured', 'CreateContainerConfigError');
  await eventually('the greedy one is killed', async () => {
    const [main] = (await readPod('greedy')).status?.containerStatuses ?? [];
    return main?.state?.terminated?.reason === 'OOMKilled';
  });
  const conditions = (await readPod('homeless')).status!.conditions!;
  assert.match(conditions.find(({ type }) => type === 'PodScheduled')!.message!, /didn't match Pod's node affinity/);
  // `top` shows what runs, and nothing else.
  const top = await kubectl('-n work top pod');
  assert.match(top, /^limited +\d+m +\d+Mi/m);
  assert.doesNotMatch(top, /greedy|never|homeless/);
  await kubectl('-n work delete pod limited greedy never unreachable misnamed unconfigured homeless');
});

test('attach, cp both ways, port-forward, and logs over a rotation', { skip }, async () => {
  await apply(
    pod('open', shell('httpd -f -p 8080 -h /tmp & while read line; do echo got $line; done', { stdin: true })),
    pod('noisy', shell(`yes 0123456789012345678901234567890123456789 | head -n 300000; echo the end; ${forever}`)),
  );
  await ready('open');
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const attached = spawn('kubectl', ['-n', 'work', 'attach', '-i', 'open'], { env });
  attached.stdin.write('word\n');
  const [answer] = await once(attached.stdout, 'data');
  assert.match(String(answer), /got word/);
  attached.kill();
  mkdirSync(join(folder, 'in'));
  writeFileSync(join(folder, 'in/bytes'), Buffer.alloc(2_000_000, 'x1'));
  await kubectl(`-n work cp ${folder}/in open:/tmp/in`);
  await kubectl(`-n work cp open:/tmp/in ${folder}/back`);
  assert.ok(readFileSync(join(folder, 'back/bytes')).equals(readFileSync(join(folder, 'in/bytes'))));
  await inPod('open', 'echo hello > /tmp/hello');
  const forward = spawn('kubectl', ['-n', 'work', 'port-forward', 'open', ':8080'], { env });
  const [line] = await once(forward.stdout, 'data');
  const [, local] = /127\.0\.0\.1:(\d+)/.exec(String(line))!;
  assert.equal(await (await fetch(`http://127.0.0.1:${local}/hello`)).text(), 'hello\n');
  forward.kill();
  const logs = () => readdirSync(join(dataDirectory, 'log/pods')).find((name) => name.startsWith('work_noisy'))!;
  await eventually(
    'the log is rotated',
    async () => readdirSync(join(dataDirectory, 'log/pods', logs(), 'main')).length > 1,
  );
  assert.match(await kubectl('-n work logs noisy --tail=1'), /the end/);
  assert.match(await kubectl('-n work logs open --timestamps'), /^\d{4}-.*Z got word/m);
  await kubectl('-n work delete pod open noisy');
});

test('a static pod is shown by a mirror that goes with its file', { skip }, async () => {
  const file = join(dataDirectory, 'static-pods/still.json');
  const node = (await kubectl('get nodes -o jsonpath={.items[0].metadata.name}')).trim();
  const still = pod('still', shell(forever));
  writeFileSync(file, JSON.stringify({ ...still, metadata: { ...still.metadata, namespace: 'work' } }));
  await eventually('the mirror is ready', async () =>
    /1\/1 +Running/.test(await kubectl(`-n work get pod still-${node}`)),
  );
  rmSync(file);
  await eventually(
    'the mirror is gone',
    async () => (await tryKubectl(['-n', 'work', 'get', 'pod', `still-${node}`])).code === 1,
  );
});

test('jobs, cron jobs, daemon sets, and a stateful set that keeps its data', { skip }, async () => {
  const job = {
    template: { spec: { restartPolicy: 'Never', containers: [shell('echo index $JOB_COMPLETION_INDEX')] } },
  };
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } };
  const keeper = shell(`hostname >> /data/names; ${forever}`, { volumeMounts: [{ name: 'data', mountPath: '/data' }] });
  const batch = { apiVersion: 'batch/v1' };
  await apply(
    {
      ...batch,
      kind: 'Job',
      metadata: { name: 'parts' },
      spec: { completions: 3, parallelism: 3, completionMode: 'Indexed', ...job },
    },
    {
      ...batch,
      kind: 'CronJob',
      metadata: { name: 'yearly' },
      spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: job } },
    },
    workload('DaemonSet', 'each', shell(forever)),
    workload('StatefulSet', 'kept', keeper, {
      ...{ serviceName: 'kept', replicas: 2 },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
    }),
  );
  await kubectl('-n work create job now --from=cronjob/yearly');
  await kubectl('-n work wait --for=condition=Complete job/parts job/now --timeout=60s');
  assert.deepEqual((await kubectl('-n work logs -l job-name=parts')).trim().split('\n').sort(), [
    'index 0',
    'index 1',
    'index 2',
  ]);
  await kubectl('-n work rollout status daemonset/each --timeout=60s');
  await kubectl('-n work rollout status statefulset/kept --timeout=60s');
  const [first, second] = [await readPod('kept-0'), await readPod('kept-1')];
  assert.ok(first.metadata.creationTimestamp! <= second.metadata.creationTimestamp!);
  await kubectl('-n work delete pod kept-0');
  await eventually('it is back', async () => (await readPod('kept-0')).metadata.uid !== first.metadata.uid);
  await ready('kept-0');
  assert.equal(await inPod('kept-0', 'cat /data/names'), 'kept-0\nkept-0\n');
});

test('services: names of each kind, one backend per client, and a refusal when there is none', { skip }, async () => {
  const web = { name: 'main', image, command: ['sh', '-c', 'hostname > /tmp/name; exec httpd -f -p 8080 -h /tmp'] };
  const probed = {
    ...web,
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
  };
  const service = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
  const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
  await apply(
    workload('StatefulSet', 'web', probed, { serviceName: 'web', replicas: 2 }),
    service('web', { clusterIP: 'None', selector: { app: 'web' }, ports: [{ name: 'http', port: 8080 }] }),
    service('sticky', { sessionAffinity: 'ClientIP', selector: { app: 'web' }, ports }),
    service('alias', { type: 'ExternalName', externalName: 'sticky.work.svc.cluster.local' }),
    service('nobody', { ports }),
    pod('asking', shell(forever)),
  );
  await kubectl('-n work rollout status statefulset/web --timeout=60s');
  await ready('asking');
  const { status } = await readPod('web-0');
  const lookup = (words: string) =>
    inPod('asking', `nslookup ${words} | grep -v '^\\(Server\\|Address:.*:53\\)' || true`);
  assert.match(await lookup('web-0.web.work.svc.cluster.local'), new RegExp(`Address: ${status!.podIP}\\n`));
  assert.equal((await lookup('web.work.svc.cluster.local')).match(/Address/g)!.length, 2);
  assert.match(
    await lookup('-type=srv _http._tcp.web.work.svc.cluster.local'),
    /8080 web-0\.web\.work\.svc\.cluster\.local/,
  );
  assert.match(await lookup(status!.podIP!), /name = web-0\.web\.work\.svc\.cluster\.local/);
  assert.match(await lookup('alias.work.svc.cluster.local'), /canonical name = sticky\.work\.svc\.cluster\.local/);
  const ask = 'printf "GET /name HTTP/1.0\\r\\n\\r\\n" | nc -w 2 sticky 80 | tail -n 1';
  const answers = await inPod('asking', `for i in 1 2 3 4 5 6 7 8; do ${ask}; done`);
  assert.match(answers, /^(web-[01]\n)\1{7}$/);
  assert.match(await inPod('asking', 'nc -w 5 nobody 80 2>&1 </dev/null || true'), /refused/);
  await kubectl('-n work delete pod asking');
  await kubectl('-n work delete service web sticky alias nobody');
  await kubectl('-n work delete statefulset web');
});

test('priority, spreading, budgets and taints decide where pods are', { skip }, async () => {
  const node = (await kubectl('get nodes -o jsonpath={.items[0].metadata.name}')).trim();
  const { status } = JSON.parse(await kubectl(`get node ${node} -o json`));
  const milli = (quantity: string) =>
    quantity.endsWith('m') ? Number.parseInt(quantity, 10) : Number(quantity) * 1000;
  const most = { requests: { cpu: `${Math.floor(milli(status.allocatable.cpu) * 0.8)}m` } };
  const spread = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: 'zoned' } },
  };
  await apply(
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'kept' },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'kept' } } },
    },
    pod('low', shell(forever, { resources: most })),
    pod('zoned', shell(forever), { topologySpreadConstraints: [spread] }),
  );
  await ready('low');
  await apply(pod('high', shell(forever, { resources: most }), { priorityClassName: 'high' }));
  await ready('high');
  assert.equal((await tryKubectl(['-n', 'work', 'get', 'pod', 'low'])).code, 1);
  assert.match(await kubectl('-n work describe pod zoned'), /didn't match pod topology spread constraints/);
  await eventually(
    'the budget knows its pods',
    async () => (await kubectl('-n work get pdb kept -o jsonpath={.status.currentHealthy}')) === '2',
  );
  const drained = await tryKubectl([
    'drain',
    node,
    '--ignore-daemonsets',
    '--force',
    '--pod-selector=app=kept',
    '--timeout=3s',
  ]);
  assert.match(drained.stderr, /would violate the pod's disruption budget/);
  await kubectl(`uncordon ${node}`);
  assert.match(await kubectl('-n work get pods -l app=kept'), /kept-0 +1\/1 +Running[\s\S]*kept-1 +1\/1 +Running/);
  await kubectl(`taint node ${node} broken=yes:NoExecute`);
  await eventually(
    'what does not tolerate it is gone',
    async () => (await tryKubectl(['-n', 'work', 'get', 'pod', 'high'])).code === 1,
  );
  await kubectl(`taint node ${node} broken-`);
  await kubectl('-n work rollout status statefulset/kept --timeout=60s');
});
