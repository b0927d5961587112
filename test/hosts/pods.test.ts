import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cgroupFolder, isCgroupVersion2 } from '../../src/node/runtimes/cgroups.ts';
import { testImageReference as image, testImage } from '../../src/node/runtimes/testing/busybox.ts';
import { eventually, cannotRunContainers as skip, testCluster } from './cluster.ts';
import { leftovers } from './processes.ts';
import { registryLogin, startRegistry } from './registry.ts';
import { forever, pod, shell, workbench } from './workbench.ts';

/** What a user of Kubernetes expects of pods, by kubectl on one real node. */
const cluster = testCluster(7);
const { kubectl, tryKubectl, dataDirectory } = cluster;
const { start, apply, read, readPod, ready, inPod, waitingFor, nodeName } = workbench(cluster);
const folder = mkdtempSync(join(tmpdir(), 'rempart-pods-'));

before(async () => {
  if (!skip) await start();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (skip) return;
  await cluster.remove();
  assert.deepEqual(await leftovers(cluster), []);
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
  const node = await nodeName();
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

test('an image of a registry is pulled with the secret of the pod or of its account, and with nothing else not', {
  skip,
}, async () => {
  const registry = await startRegistry(await testImage());
  try {
    const { username, password } = registryLogin;
    const login = `--docker-server=${registry.host} --docker-username=${username} --docker-password`;
    await kubectl(`-n work create secret docker-registry login ${login}=${password}`);
    await kubectl(`-n work create secret docker-registry wrong ${login}=guessed`);
    await kubectl('-n work create serviceaccount puller');
    await kubectl('-n work patch serviceaccount puller -p {"imagePullSecrets":[{"name":"login"}]}');
    const pulling = (name: string, more: object) =>
      pod(name, shell(forever, { image: `${registry.host}/private/image:1`, imagePullPolicy: 'Always' }), more);
    await apply(
      pulling('nobody', {}),
      pulling('guesser', { imagePullSecrets: [{ name: 'wrong' }] }),
      pulling('known', { imagePullSecrets: [{ name: 'wrong' }, { name: 'login' }] }),
      pulling('account', { serviceAccountName: 'puller' }),
    );
    await ready('known');
    await ready('account');
    for (const name of ['nobody', 'guesser']) await waitingFor(name, 'ImagePullBackOff');
    assert.match(await kubectl('-n work describe pod guesser'), /Failed +.*failed to pull image.*401|unauthorized/i);
    assert.doesNotMatch(await kubectl('-n work describe pod guesser'), /guessed/);
    assert.ok(registry.asked.manifests >= 2 && registry.asked.refused >= 4, JSON.stringify(registry.asked));
    // The image is on the node now: who may not have it from its registry does not have it from the node either.
    const manifests = registry.asked.manifests;
    const present = (name: string, more: object) => {
      const pulled = pulling(name, more);
      return {
        ...pulled,
        spec: { ...pulled.spec, containers: [{ ...pulled.spec.containers[0], imagePullPolicy: 'IfNotPresent' }] },
      };
    };
    await apply(present('stranger', {}), present('friend', { imagePullSecrets: [{ name: 'login' }] }));
    await ready('friend');
    assert.equal(registry.asked.manifests, manifests, 'a login that is known is not tried again');
    await waitingFor('stranger', 'ImagePullBackOff');
    // A pod that has had it keeps it, also when its secret is gone.
    await kubectl('-n work delete secret login');
    await kubectl('-n work exec friend -- kill 1');
    await kubectl('-n work wait --for=jsonpath={.status.containerStatuses[0].restartCount}=1 pod/friend --timeout=60s');
    await ready('friend');
    assert.equal(registry.asked.manifests, manifests);
    await kubectl('-n work delete pod nobody guesser known account stranger friend');
  } finally {
    registry.close();
  }
});
