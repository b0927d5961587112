import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { grant, master, namespace, pod, serviceAccount, startDefended } from '../testing/defended.ts';

const server = await startDefended();
after(() => server.stop());
const dev = { username: 'dev', groups: ['system:authenticated'] };
await server.make(
  ...grant('dev', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]),
  namespace('open', { 'pod-security.kubernetes.io/enforce': 'privileged' }),
  serviceAccount('open', 'default'),
  serviceAccount('kube-system', 'default'),
);

const create = (object: any) => server.ask(dev, 'POST', `/namespaces/${object.metadata.namespace}/pods`, object);
const plain = (name: string, where: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: where } },
  spec: { containers: [{ name: 'main', image: 'web:1' }] },
});

test('a restricted pod is admitted, with token, seccomp profile, tolerations and priority', async () => {
  const { code, body } = await create(pod('good'));
  assert.equal(code, 201, body.message);
  const { spec } = body;
  assert.equal(spec.serviceAccountName, 'default');
  assert.deepEqual(spec.securityContext.seccompProfile, { type: 'RuntimeDefault' });
  const [volume] = spec.volumes;
  assert.match(volume.name, /^kube-api-access-[a-z0-9]{5}$/);
  assert.deepEqual(
    volume.projected.sources.map((source: object) => Object.keys(source)[0]),
    [...['serviceAccountToken', 'configMap', 'downwardAPI']],
  );
  assert.equal(spec.containers[0].volumeMounts[0].mountPath, '/var/run/secrets/kubernetes.io/serviceaccount');
  assert.deepEqual(
    spec.tolerations.map(({ tolerationSeconds }: any) => tolerationSeconds),
    [300, 300],
  );
  assert.deepEqual([spec.priority, spec.preemptionPolicy], [0, 'PreemptLowerPriority']);
});

test('only the mirror of a node is past the standards, whoever else calls a pod one', async () => {
  const mirror = () => {
    const object = pod('mirrored', { nodeName: 'n1', hostPID: true });
    object.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
    return object;
  };
  const { code, body } = await create(mirror());
  assert.equal(code, 403);
  assert.match(body.message, /violates PodSecurity "restricted:latest".*hostPID/);
  const node = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
  assert.equal((await server.ask(node, 'POST', '/namespaces/a/pods', mirror())).code, 201);
});

test('a pod is made a mirror by nobody afterwards, neither by itself nor by its status', async () => {
  await create(pod('plain'));
  const metadata = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
  for (const path of ['plain', 'plain/status']) {
    const type = 'application/merge-patch+json';
    const { code, body } = await server.ask(dev, 'PATCH', `/namespaces/a/pods/${path}`, { metadata }, type);
    assert.equal(code, 422, path);
    assert.match(body.message, /may not add, remove or update mirror pod annotation/);
  }
});

test('who replaces the tolerations of a pod keeps those that it was given', async () => {
  const { body } = await create(pod('replaced'));
  const tolerations = [{ key: 'dedicated', operator: 'Equal', value: 'x', effect: 'NoSchedule' }];
  const object = { ...body, spec: { ...body.spec, tolerations } };
  const { code, body: after } = await server.ask(dev, 'PUT', '/namespaces/a/pods/replaced', object);
  assert.equal(code, 200, after.message);
  assert.deepEqual(
    after.spec.tolerations.map(({ key }: { key: string }) => key),
    ['dedicated', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'],
  );
});

test('of a workload it is told what becomes of its pods, also where nobody gives them a seccomp profile', async () => {
  const bare = await startDefended({ modeOf: (id) => (id === 'seccomp' ? 'off' : undefined) });
  try {
    const { seccompProfile: _, ...securityContext } = pod('x').spec.securityContext ?? {};
    const spec = { ...pod('x').spec, securityContext: { ...securityContext, runAsNonRoot: true } };
    const template = { metadata: { labels: { app: 'web' } }, spec };
    const deployment = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'a' } },
      spec: { selector: { matchLabels: { app: 'web' } }, template },
    };
    const path = '/apis/apps/v1/namespaces/a/deployments?dryRun=All';
    const [filled, unfilled] = [
      await server.ask(master, 'POST', path, deployment),
      await bare.ask(master, 'POST', path, deployment),
    ];
    assert.deepEqual([filled.code, filled.warnings], [201, []]);
    assert.match(unfilled.warnings[0]!, /its pods will be refused.*seccompProfile/);
  } finally {
    await bare.stop();
  }
});

test('a plain pod is refused where nothing is labelled, with the fields, the patch and the command', async () => {
  const { code, body } = await create(plain('plain', 'a'));
  assert.equal(code, 403);
  assert.match(body.message, /^pods "plain" is forbidden: violates PodSecurity "restricted:latest": allowPrivilege/);
  assert.match(body.message, /kubectl label namespace a pod-security.kubernetes.io\/enforce=baseline --overwrite/);
  assert.match(body.message, /patch it with \[\{"op":"add"/);
  assert.ok(body.details.causes.some(({ field }: any) => field === 'spec.securityContext.runAsNonRoot'));
});

test('a labelled namespace and kube-system admit it', async () => {
  assert.equal((await create(plain('plain', 'open'))).code, 201);
  assert.equal((await create(plain('plain', 'kube-system'))).code, 201);
});

test('the author of a Deployment is warned with fields, patch and command, and the patch mends it', async () => {
  const deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'a' } },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
    },
  };
  const path = '/apis/apps/v1/namespaces/a/deployments';
  const { code, warnings } = await server.ask(dev, 'POST', path, deployment);
  assert.equal(code, 201);
  assert.match(warnings[0]!, /Deployment "web" is accepted, but its pods will be refused/);
  assert.match(warnings[1]!, /fields: spec.template.spec.containers\[0\].securityContext.allowPrivilegeEscalation, /);
  const [, patch] = /kubectl patch deployments\/web -n a --type=json -p '(.*)'$/.exec(warnings[2]!)!;
  assert.match(warnings[3]!, /kubectl label namespace a pod-security.kubernetes.io\/enforce=baseline --overwrite$/);
  const type = 'application/json-patch+json';
  const mended = await server.ask(dev, 'PATCH', `${path}/web`, JSON.parse(patch!), type);
  assert.deepEqual([mended.code, mended.warnings], [200, []]);
});

test('labels that cannot be read are refused, and tightening tells which pods would break', async () => {
  const labels = (value: string) => ({ metadata: { labels: { 'pod-security.kubernetes.io/enforce': value } } });
  const type = 'application/merge-patch+json';
  const wrong = await server.ask(dev, 'PATCH', '/namespaces/open', labels('restrictd'), type);
  assert.equal(wrong.code, 422);
  await create(plain('old', 'open'));
  const tight = await server.ask(dev, 'PATCH', '/namespaces/open?dryRun=All', labels('restricted'), type);
  assert.equal(tight.code, 200);
  assert.match(tight.warnings.join('\n'), /existing pods in namespace "open" violate.*\n.*allowPrivilegeEscalation/);
});

test('containers cannot be loosened after creation, by ephemeral ones', async () => {
  const ephemeralContainers = [{ name: 'debug', image: 'x', securityContext: { privileged: true } }];
  const path = '/namespaces/a/pods/good/ephemeralcontainers';
  const type = 'application/strategic-merge-patch+json';
  const { code, body } = await server.ask(dev, 'PATCH', path, { spec: { ephemeralContainers } }, type);
  assert.equal(code, 403, body.message);
  assert.match(body.message, /privileged \(container "debug"/);
});

test('the service account must exist; it may forbid its token and lend its pull secrets', async () => {
  const missing = await create(pod('orphan', { serviceAccountName: 'absent' }));
  assert.match(missing.body.message, /serviceaccount "absent" not found/);
  const more = { automountServiceAccountToken: false, imagePullSecrets: [{ name: 'pull' }] };
  await server.make(serviceAccount('a', 'quiet', more));
  const { body } = await create(pod('quiet', { serviceAccountName: 'quiet' }));
  assert.deepEqual([body.spec.volumes, body.spec.imagePullSecrets], [undefined, [{ name: 'pull' }]]);
  const asked = await create(pod('loud', { serviceAccountName: 'quiet', automountServiceAccountToken: true }));
  assert.equal(asked.body.spec.volumes.length, 1);
});

test('priority comes from the class; the classes of the system are for kube-system', async () => {
  const scheduling = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' };
  await server.make(
    { ...scheduling, metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
    { ...scheduling, metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' },
  );
  const high = await create(pod('high', { priorityClassName: 'high' }));
  assert.deepEqual([high.body.spec.priority, high.body.spec.preemptionPolicy], [1000, 'Never']);
  assert.equal((await create(pod('forged', { priority: 5 }))).code, 403);
  assert.equal((await create(pod('unknown', { priorityClassName: 'none' }))).code, 403);
  const spec = { priorityClassName: 'system-node-critical' };
  assert.equal((await create(pod('critical', spec))).code, 403);
  assert.equal((await create(pod('critical', spec, {}, 'kube-system'))).code, 201);
});

test('limit ranges give defaults and set bounds', async () => {
  await server.make(namespace('limited'), serviceAccount('limited', 'default'), {
    ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'range', namespace: 'limited' } },
    spec: {
      limits: [
        { type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' } },
        { type: 'Pod', max: { cpu: '1500m' } },
      ],
    },
  });
  const { body } = await create(pod('small', {}, {}, 'limited'));
  assert.deepEqual(body.spec.containers[0].resources, { limits: { cpu: '500m' }, requests: { cpu: '100m' } });
  const big = await create(pod('big', {}, { resources: { limits: { cpu: '2' } } }, 'limited'));
  assert.match(big.body.message, /maximum cpu usage per Container is 1, but limit is 2/);
  const resize = (cpu: string) => {
    const resized = { spec: { containers: [{ name: 'main', resources: { limits: { cpu } } }] } };
    const type = 'application/strategic-merge-patch+json';
    return server.ask(dev, 'PATCH', '/namespaces/limited/pods/small/resize', resized, type);
  };
  assert.match((await resize('2')).body.message, /maximum cpu usage per Container is 1, but limit is 2/);
  assert.equal((await resize('1')).code, 200);
});

test('nothing is made in a namespace that is absent or going, and the cluster’s own stay', async () => {
  assert.equal((await create(pod('lost', {}, {}, 'absent'))).code, 404);
  await server.make({ ...namespace('going'), spec: { finalizers: ['kubernetes'] } });
  await server.ask(master, 'DELETE', '/namespaces/going');
  const late = await create(pod('late', {}, {}, 'going'));
  assert.equal(late.code, 403);
  assert.equal(late.body.details.causes[0].reason, 'NamespaceTerminating');
  const kept = await server.ask(master, 'DELETE', '/namespaces/kube-system');
  assert.match(kept.body.message, /this namespace may not be deleted/);
});
