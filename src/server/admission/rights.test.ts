import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, test } from 'node:test';
import { buildCertificateRequest } from '../../foundation/x509/testing/build-certificate-request.ts';
import { grant, master, pod, startDefended } from '../testing/defended.ts';

const server = await startDefended();
after(() => server.stop());
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const dev = { username: 'dev', groups: ['system:authenticated'] };
const readPods = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };
const manageRoles = {
  ...{ verbs: ['create', 'update', 'patch', 'get'], apiGroups: ['rbac.authorization.k8s.io'] },
  resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
};
await server.make(...grant('dev', [readPods, manageRoles]));

const role = (name: string, rules: object[], more: object = {}) => ({
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules, ...more },
});
const binding = (name: string, to: string) => ({
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name } },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: to },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'dev' }],
});

test('a role may hold what its author holds, and nothing more', async () => {
  const create = (object: object) => server.ask(dev, 'POST', `${rbac}/clusterroles`, object);
  assert.equal((await create(role('same', [readPods]))).code, 201);
  assert.equal((await create(role('less', [{ ...readPods, resourceNames: ['web'], verbs: ['get'] }]))).code, 201);
  for (const rule of [
    { ...readPods, verbs: ['delete'] },
    { ...readPods, resources: ['secrets'] },
    { ...readPods, resources: ['*'] },
    { ...readPods, apiGroups: ['*'] },
    { ...readPods, resources: ['pods/exec'], verbs: ['get'] },
    { verbs: ['get'], nonResourceURLs: ['/metrics'] },
  ]) {
    const { code, body } = await create(role('more', [rule]));
    assert.equal(code, 403, JSON.stringify(rule));
    assert.match(body.message, /attempting to grant RBAC permissions not currently held/);
  }
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { x: 'y' } }] };
  assert.equal((await create(role('collector', [], { aggregationRule }))).code, 403);
});

test('a role for one name lets its holder list that one, and create none', async () => {
  const holder = { username: 'holder', groups: [] };
  const named = { verbs: ['create', 'list'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['lock'] };
  await server.make(...grant('holder', [named], 'a'));
  const configMaps = '/namespaces/a/configmaps?fieldSelector=metadata.name%3Dlock';
  assert.equal((await server.ask(holder, 'GET', configMaps)).code, 200);
  const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } };
  assert.equal((await server.ask(holder, 'POST', configMaps, other)).code, 403);
});

test('who may change an object may not therefore create one, neither by apply nor by update', async () => {
  const changer = { username: 'changer', groups: [] };
  const leases = '/apis/coordination.k8s.io/v1/namespaces/a/leases';
  const change = { verbs: ['update', 'patch'], apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  await server.make(...grant('changer', [change]));
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'new' } };
  const applyType = 'application/apply-patch+yaml';
  const byApply = () => server.ask(changer, 'PATCH', `${leases}/new?fieldManager=x`, lease, applyType);
  const byUpdate = () => server.ask(changer, 'PUT', `${leases}/new`, lease);
  for (const attempt of [byApply, byUpdate]) {
    const { code, body } = await attempt();
    assert.equal(code, 403);
    assert.match(body.message, /leases.coordination.k8s.io "new" is forbidden: User "changer" cannot create/);
  }
  await server.make({ ...lease, metadata: { name: 'new', namespace: 'a' } });
  const applied = await byApply();
  assert.equal(applied.code, 200);
  assert.equal((await server.ask(changer, 'PUT', `${leases}/new`, applied.body)).code, 200);
});

test('a label that puts the rules of a role into one that aggregates needs the rules', async () => {
  const labeller = { username: 'labeller', groups: [] };
  const relabel = (name: string) =>
    server.ask(
      labeller,
      'PATCH',
      `${rbac}/clusterroles/${name}`,
      { metadata: { labels: { collected: 'yes' } } },
      'application/merge-patch+json',
    );
  await server.make(
    ...grant('labeller', [readPods, manageRoles]),
    role('strong', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]),
    role('weak', [readPods]),
  );
  const { code, body } = await relabel('strong');
  assert.equal(code, 403);
  assert.match(body.message, /attempting to grant RBAC permissions not currently held/);
  assert.equal((await relabel('weak')).code, 200);
});

test('rights in one namespace are rights on that namespace, not on others whose URL is below it', async () => {
  const owner = { username: 'owner', groups: [] };
  await server.make(...grant('owner', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], 'a'));
  assert.equal((await server.ask(owner, 'GET', '/namespaces/a')).code, 200);
  const patch = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } };
  const type = 'application/merge-patch+json';
  const ask = (method: string, path: string, body?: object) => server.ask(owner, method, path, body, type);
  for (const path of ['kube-system', 'kube-system/status', 'kube-system/finalize', ''])
    assert.equal((await ask('GET', `/namespaces/a/namespaces/${path}`)).code, 404, path);
  assert.equal((await ask('PATCH', '/namespaces/a/namespaces/kube-system', patch)).code, 404);
  assert.equal((await ask('DELETE', '/namespaces/a/namespaces')).code, 404);
});

test('a role cannot be widened by update, nor bound by who does not hold it', async () => {
  await server.make(role('root', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]), role('mine', [readPods]));
  const patch = { rules: [{ ...readPods, verbs: ['*'] }] };
  const type = 'application/merge-patch+json';
  assert.equal((await server.ask(dev, 'PATCH', `${rbac}/clusterroles/mine`, patch, type)).code, 403);
  const bind = (to: string) => server.ask(dev, 'POST', `${rbac}/clusterrolebindings`, binding(`dev-${to}`, to));
  assert.equal((await bind('root')).code, 403);
  assert.equal((await bind('absent')).code, 403);
  assert.equal((await bind('mine')).code, 201);
});

test('the verbs bind and escalate lift the check, each for its own', async () => {
  const binder = { username: 'binder', groups: [] };
  const rules = [
    manageRoles,
    { ...manageRoles, verbs: ['bind'], resources: ['clusterroles'], resourceNames: ['view-all'] },
  ];
  await server.make(...grant('binder', rules), role('view-all', [{ ...readPods, resources: ['*'] }]));
  const bound = await server.ask(binder, 'POST', `${rbac}/clusterrolebindings`, binding('b1', 'view-all'));
  assert.equal(bound.code, 201, bound.body.message);
  const wider = role('wider', [{ ...readPods, resources: ['*'] }]);
  assert.equal((await server.ask(binder, 'POST', `${rbac}/clusterroles`, wider)).code, 403);
});

const node = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };

test('a node registers itself, tainted until ready, and touches no other node and no reserved label', async () => {
  const object = (name: string, labels = {}) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  const made = await server.ask(node, 'POST', '/nodes', object('n1', { 'kubernetes.io/hostname': 'n1', zone: 'x' }));
  assert.equal(made.code, 201, made.body.message);
  assert.equal(made.body.spec.taints[0].key, 'node.kubernetes.io/not-ready');
  assert.match(
    (await server.ask(node, 'POST', '/nodes', object('n2'))).body.message,
    /not allowed to modify nodes "n2"/,
  );
  const type = 'application/merge-patch+json';
  const patch = (body: object) => server.ask(node, 'PATCH', '/nodes/n1', body, type);
  const label = { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } } };
  assert.match((await patch(label)).body.message, /not allowed to modify labels/);
  assert.match((await patch({ spec: { taints: [] } })).body.message, /not allowed to modify taints/);
  assert.match(
    (await patch({ spec: { podCIDR: '10.244.9.0/24' } })).body.message,
    /not allowed to modify its pod range/,
  );
  const { body } = await server.ask(node, 'PATCH', '/nodes/n1/status', label, type);
  assert.ok(!Object.hasOwn(body.metadata.labels, 'node-role.kubernetes.io/control-plane'), 'nor by way of its status');
});

test('a node makes only mirror pods of its own, and evicts or reports only pods bound to it', async () => {
  await server.make(pod('elsewhere', { nodeName: 'n2' }), pod('here', { nodeName: 'n1' }));
  const create = (object: any) => server.ask(node, 'POST', '/namespaces/a/pods', object);
  const mirror = (nodeName: string, spec: object = {}) => {
    const object = pod('static', { nodeName, ...spec });
    object.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
    return object;
  };
  assert.match((await create(pod('free', { nodeName: 'n1' }))).body.message, /can only create mirror pods/);
  assert.match((await create(mirror('n2'))).body.message, /nodeName set to itself/);
  const volumes = [{ name: 's', secret: { secretName: 'x' } }];
  assert.match((await create(mirror('n1', { volumes }))).body.message, /reference API objects/);
  const secretRef = { name: 'gold' };
  const reading = [
    { containers: [{ name: 'main', image: 'web:1', envFrom: [{ secretRef }] }] },
    {
      containers: [
        { name: 'main', image: 'web:1', env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } }] },
      ],
    },
    { imagePullSecrets: [secretRef] },
    { volumes: [{ name: 'v', csi: { driver: 'x', nodePublishSecretRef: secretRef } }] },
  ];
  for (const spec of reading) {
    const { code, body } = await create(mirror('n1', spec));
    assert.equal(code, 403, JSON.stringify(spec));
    assert.match(body.message, /reference API objects/);
  }
  assert.equal((await create(mirror('n1'))).code, 201);
  const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const lent = await server.ask(node, 'POST', '/namespaces/kube-system/serviceaccounts/default/token', token);
  assert.equal(lent.code, 403);
  const status = { status: { phase: 'Running' } };
  const report = (name: string) =>
    server.ask(node, 'PATCH', `/namespaces/a/pods/${name}/status`, status, 'application/merge-patch+json');
  assert.equal((await report('here')).code, 200);
  assert.equal((await report('elsewhere')).code, 403);
});

test('a node asks for tokens of the audiences that its pods mount, and tells of claims only how they have grown', async () => {
  const source = { serviceAccountToken: { path: 'token', audience: 'vault' } };
  const volumes = [
    { name: 'token', projected: { sources: [source] } },
    { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
  ];
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await server.make(pod('mounting', { nodeName: 'n1', volumes }), {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'a' }, spec },
  });
  await server.make(pod('tokenless', { nodeName: 'n1', automountServiceAccountToken: false }));
  const token = async (name: string, ...audiences: string[]) => {
    const { uid } = (await server.ask(master, 'GET', `/namespaces/a/pods/${name}`)).body.metadata;
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences, boundObjectRef } };
    return server.ask(node, 'POST', '/namespaces/a/serviceaccounts/default/token', body);
  };
  assert.deepEqual([(await token('mounting')).code, (await token('mounting', 'vault')).code], [201, 201]);
  assert.match((await token('mounting', 'vault', 'bank')).body.message, /audience "bank" not found in pod spec volume/);
  assert.match((await token('tokenless')).body.message, /audience "" not found in pod spec volume/);
  const report = (body: object) =>
    server.ask(node, 'PATCH', '/namespaces/a/persistentvolumeclaims/data/status', body, 'application/merge-patch+json');
  assert.equal((await report({ status: { capacity: { storage: '2Gi' } } })).code, 200);
  assert.equal((await report({ status: { phase: 'Lost' } })).code, 403);
  assert.equal((await report({ metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n1' } } })).code, 403);
});

test('who removes the volumes of a node says of its own deleted ones that they are gone, and nothing else', async () => {
  const user = { username: 'rempart:volumes:n1', groups: ['rempart:volumes'] };
  const claimRef = { namespace: 'a', name: 'data' };
  const [mark, protection] = ['rempart.io/local-path', 'kubernetes.io/pv-protection'];
  const volume = (name: string, on: string) => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolume' },
    metadata: { name, finalizers: [mark, protection], annotations: { 'rempart.io/local-path-node': on } },
    spec: {
      ...{ accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' }, claimRef },
      persistentVolumeReclaimPolicy: 'Retain',
    },
  });
  const rule = { verbs: ['patch', 'get'], apiGroups: [''], resources: ['persistentvolumes'] };
  await server.make(...grant(user.username, [rule]), volume('kept', 'n1'), volume('own', 'n1'), volume('other', 'n2'));
  for (const name of ['own', 'other']) await server.ask(master, 'DELETE', `/persistentvolumes/${name}`);
  const patch = (name: string, body: object) =>
    server.ask(user, 'PATCH', `/persistentvolumes/${name}`, body, 'application/merge-patch+json');
  const gone = { metadata: { finalizers: [protection] } };
  const refused: [string, object][] = [
    ['kept', gone],
    ['other', gone],
    ['kept', { spec: { claimRef: { name: 'mine' } } }],
    ['other', { metadata: { annotations: { 'rempart.io/local-path-node': 'n1' } } }],
    ['own', { metadata: { finalizers: [] } }],
    ['own', { metadata: { ...gone.metadata, labels: { more: '' } } }],
    ['own', { ...gone, spec: { persistentVolumeReclaimPolicy: 'Delete' } }],
  ];
  for (const [name, body] of refused) {
    const { code, body: status } = await patch(name, body);
    assert.deepEqual([code, /deleted volumes of its node/.test(status.message)], [403, true], JSON.stringify(body));
  }
  const removed = await patch('own', gone);
  assert.equal(removed.code, 200, removed.body.message);
});

test('owner references need the right to delete, and to block the owner', async () => {
  const writer = { username: 'writer', groups: [] };
  await server.make(
    ...grant('writer', [{ verbs: ['create', 'update', 'get'], apiGroups: [''], resources: ['configmaps'] }]),
  );
  const map = (ownerReferences: object[]) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'a', ownerReferences } },
  });
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'u' };
  const path = '/namespaces/a/configmaps';
  const blocked = await server.ask(writer, 'POST', path, map([{ ...owner, blockOwnerDeletion: true }]));
  assert.match(blocked.body.message, /cannot set blockOwnerDeletion/);
  assert.equal((await server.ask(writer, 'POST', path, map([]))).code, 201);
  assert.match((await server.ask(writer, 'PUT', `${path}/m`, map([owner]))).body.message, /cannot set an ownerRef/);
});

test('who may do everything in a namespace blocks what it owns, and nothing of the cluster', async () => {
  const steward = { username: 'steward', groups: [] };
  await server.make(...grant('steward', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], 'a'));
  const blocking = (name: string, apiVersion: string, kind: string) => {
    const reference = { apiVersion, kind, name: 'x', uid: 'u', blockOwnerDeletion: true };
    const metadata = { name, ownerReferences: [reference] };
    return server.ask(steward, 'POST', '/namespaces/a/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  };
  assert.equal((await blocking('of-deployment', 'apps/v1', 'Deployment')).code, 201);
  assert.match((await blocking('of-node', 'v1', 'Node')).body.message, /cannot set blockOwnerDeletion/);
});

test('an owner is known by the name its kind is served by, not by a guess at the plural', async () => {
  const owning = { username: 'owning', groups: [] };
  const finalizers = ['endpoints/finalizers', 'networkpolicies/finalizers', 'mice/finalizers'];
  const rules = [
    { verbs: ['create'], apiGroups: [''], resources: ['configmaps'] },
    { verbs: ['update'], apiGroups: ['', 'networking.k8s.io', 'example.com'], resources: finalizers },
  ];
  const schema = { openAPIV3Schema: { type: 'object' } };
  const definition = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: 'mice.example.com' },
    spec: {
      ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'mice', singular: 'mouse', kind: 'Mouse' } },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  await server.make(...grant('owning', rules), definition);
  const answerFor = async (apiVersion: string, kind: string) => {
    const ownerReferences = [{ apiVersion, kind, name: 'o', uid: 'u', blockOwnerDeletion: true }];
    const metadata = { generateName: 'm-', namespace: 'a', ownerReferences };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    return (await server.ask(owning, 'POST', '/namespaces/a/configmaps', object)).code;
  };
  assert.equal(await answerFor('v1', 'Endpoints'), 201);
  assert.equal(await answerFor('networking.k8s.io/v1', 'NetworkPolicy'), 201);
  assert.equal(await answerFor('example.com/v1', 'Mouse'), 201);
  assert.equal(await answerFor('example.com/v1', 'Cat'), 403, 'nobody serves it');
});

test('certificates of system:masters are not requested, approval and signing need their verbs', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const csr = (name: string, organizations: string[]) => ({
    ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name } },
    spec: {
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      request: Buffer.from(buildCertificateRequest({ commonName: 'x', organizations }, privateKey)).toString('base64'),
    },
  });
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const evil = await server.ask(master, 'POST', path, csr('evil', ['system:masters']));
  assert.match(evil.body.message, /system:masters group is not allowed/);
  assert.equal((await server.ask(master, 'POST', path, csr('good', ['dev']))).code, 201);
  const resources = ['certificatesigningrequests/approval', 'certificatesigningrequests'];
  await server.make(...grant('clerk', [{ verbs: ['update', 'get'], apiGroups: ['certificates.k8s.io'], resources }]));
  const approved = {
    ...csr('good', ['dev']),
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] },
  };
  const clerk = { username: 'clerk', groups: [] };
  const { body } = await server.ask(clerk, 'PUT', `${path}/good/approval`, approved);
  assert.match(body.message, /not permitted to approve requests with signerName/);
});

test('a certificate request names who asked, does not change, and is not approved by its status', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const request = Buffer.from(buildCertificateRequest({ commonName: 'x' }, privateKey)).toString('base64');
  const spec = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], request };
  const object = (more: object) => ({
    ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'forged' } },
    spec: { ...spec, ...more },
  });
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const resources = ['certificatesigningrequests', 'certificatesigningrequests/status'];
  await server.make(...grant('forger', [{ verbs: ['*'], apiGroups: ['certificates.k8s.io'], resources }]));
  const forger = { username: 'forger', groups: ['system:authenticated'] };
  const claimed = { username: 'system:node:n1', groups: ['system:masters'], uid: 'u' };
  const { body } = await server.ask(forger, 'POST', path, object(claimed));
  assert.deepEqual(
    [body.spec.username, body.spec.groups, body.spec.uid],
    ['forger', ['system:authenticated'], undefined],
  );
  const type = 'application/merge-patch+json';
  const changed = await server.ask(forger, 'PATCH', `${path}/forged`, { spec: claimed }, type);
  assert.equal(changed.body.spec.username, 'forger');
  const status = { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] };
  const approved = await server.ask(forger, 'PATCH', `${path}/forged/status`, { status }, type);
  assert.match(approved.body.message, /written through the subresource approval/);
  const note = { metadata: { annotations: { note: 'seen' } } };
  const noted = await server.ask(master, 'PATCH', `${path}/forged/approval`, note, type);
  assert.deepEqual(noted.body.metadata.annotations, note.metadata.annotations);
});

test('services may not claim external addresses', async () => {
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'a' } },
    spec: { ports: [{ port: 80 }], externalIPs: ['1.2.3.4'] },
  };
  assert.match(
    (await server.ask(master, 'POST', '/namespaces/a/services', service)).body.message,
    /external IPs is denied/,
  );
});
