import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { testImageReference as image } from '../../src/node/runtimes/testing/busybox.ts';
import { eventually, cannotRunContainers as skip, testCluster } from './cluster.ts';
import { leftovers } from './processes.ts';
import { forever, pod, shell, workbench, workload } from './workbench.ts';

/** What a user of Kubernetes expects of workloads, of services and of where pods go, by kubectl on one real node. */
const cluster = testCluster(14);
const { kubectl, tryKubectl } = cluster;
const { start, apply, readPod, ready, inPod, nodeName } = workbench(cluster);

before(async () => {
  if (!skip) await start();
});
after(async () => {
  if (skip) return;
  await cluster.remove();
  assert.deepEqual(await leftovers(cluster), []);
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
  const node = await nodeName();
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
