import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { create, texts } from '../testing/refusals.ts';

const deployment = 'apps/v1 Deployment';
const service = 'v1 Service';
const rbac = 'rbac.authorization.k8s.io/v1';

type Change = (object: any) => void;
const claim = 'v1 PersistentVolumeClaim';
const bound: Change = (object) => {
  object.status = { phase: 'Bound', capacity: { storage: '1Gi' } };
  object.spec.volumeName = 'pv1';
};
const onNodes = (...values: string[]) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] }] },
});
const refusedUpdates: [string, string, Change, Change, RegExp][] = [
  [
    deployment,
    'its selector',
    () => {},
    ({ spec }) => (spec.selector.matchLabels = { app: 'web', b: 'c' }),
    /spec\.selector: Invalid value: .*field is immutable/,
  ],
  [
    'apps/v1 StatefulSet',
    'its service',
    () => {},
    ({ spec }) => (spec.serviceName = 'x'),
    /updates to statefulset spec for fields other than/,
  ],
  [
    service,
    'its address',
    ({ spec }) => (spec.clusterIP = '10.96.0.9'),
    ({ spec }) => (spec.clusterIP = '10.96.0.8'),
    /clusterIPs\[0\]: Invalid value: .*immutable/,
  ],
  [
    'v1 ConfigMap',
    'data that is immutable',
    (object) => (object.immutable = true),
    (object) => (object.data = {}),
    /data: Forbidden: field is immutable/,
  ],
  [
    'v1 ConfigMap',
    'its immutability',
    (object) => (object.immutable = true),
    (object) => delete object.immutable,
    /immutable: Forbidden/,
  ],
  ['v1 Secret', 'its type', () => {}, (object) => (object.type = 'a/b'), /type: Invalid value: .*immutable/],
  [
    claim,
    'its access modes',
    bound,
    ({ spec }) => (spec.accessModes = ['ReadWriteMany']),
    /spec is immutable after creation/,
  ],
  [
    claim,
    'its size to less',
    bound,
    ({ spec }) => (spec.resources.requests.storage = '1Mi'),
    /can not be less than status/,
  ],
  [
    'v1 PersistentVolume',
    'its source',
    () => {},
    ({ spec }) => (spec.hostPath.path = '/other'),
    /immutable after creation/,
  ],
  [
    'batch/v1 Job',
    'its template',
    () => {},
    ({ spec }) => (spec.template.spec.containers[0].image = 'x'),
    /spec\.template: Invalid value/,
  ],
  [
    'batch/v1 Job',
    'the volumes of its template, suspended or not',
    ({ spec }) => (spec.suspend = true),
    ({ spec }) => (spec.template.spec.volumes = [{ name: 'root', hostPath: { path: '/' } }]),
    /only resources and scheduling directives may change/,
  ],
  [
    'resource.k8s.io/v1 ResourceClaim',
    'what it asks for',
    () => {},
    ({ spec }) => (spec.devices = {}),
    /spec: Invalid value: .*immutable/,
  ],
  [
    'v1 PersistentVolume',
    'where it may be used',
    ({ spec }) => (spec.nodeAffinity = onNodes('n1')),
    ({ spec }) => (spec.nodeAffinity = onNodes('n2')),
    /nodeAffinity: Invalid value: .*immutable/,
  ],
  [
    claim,
    'what it asks for besides its size',
    bound,
    ({ spec }) => (spec.resources.limits = { storage: '9Gi' }),
    /spec is immutable after creation/,
  ],
  [`${rbac} RoleBinding`, 'its role', () => {}, ({ roleRef }) => (roleRef.name = 'admin'), /cannot change roleRef/],
  [
    'storage.k8s.io/v1 StorageClass',
    'its provisioner',
    () => {},
    (object) => (object.provisioner = 'b.example.com/x'),
    /updates to provisioner are forbidden/,
  ],
  [
    'v1 Namespace',
    'its name',
    () => {},
    ({ metadata }) => (metadata.name = 'other'),
    /metadata\.name: Invalid value: .*immutable/,
  ],
  [
    'v1 Namespace',
    'finalizers while it is deleted',
    ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'),
    ({ metadata }) => (metadata.finalizers = ['a/b']),
    /no new finalizers can be added/,
  ],
];

for (const [of, what, before, change, message] of refusedUpdates)
  test(`${of} keeps ${what}`, () => {
    const [apiVersion, name] = of.split(' ') as [string, string];
    const old = create(of);
    before(old);
    const object = structuredClone(old);
    change(object);
    const errors = texts(kindOf(apiVersion, name)!.validate(object, old));
    assert.ok(
      errors.some((error) => message.test(error)),
      `${message} in ${JSON.stringify(errors)}`,
    );
  });

test('a claim may be bound, and a bound one may grow', () => {
  const kind = kindOf('v1', 'PersistentVolumeClaim')!;
  const old = create(claim);
  const object = structuredClone(old);
  object.spec.volumeName = 'pv1';
  assert.deepEqual(kind.validate(object, old), []);
  bound(old);
  const larger = structuredClone(old);
  larger.spec.resources.requests.storage = '2Gi';
  assert.deepEqual(kind.validate(larger, old), []);
});

test('a suspended job may move, and ask for something else', () => {
  const old = create('batch/v1 Job', ({ spec }) => (spec.suspend = true));
  const object = structuredClone(old);
  const { spec } = object.spec.template;
  spec.nodeSelector = { disk: 'ssd' };
  spec.containers[0].resources = { requests: { cpu: '2' } };
  assert.deepEqual(texts(kindOf('batch/v1', 'Job')!.validate(object, old)), []);
});

test('a certificate request that was approved cannot be denied as well', () => {
  const kind = kindOf('certificates.k8s.io/v1', 'CertificateSigningRequest')!;
  const old = create('certificates.k8s.io/v1 CertificateSigningRequest');
  old.status = { conditions: [{ type: 'Approved', status: 'True' }] };
  const object = structuredClone(old);
  object.status.conditions.push({ type: 'Denied', status: 'True' });
  assert.match(kind.validateStatus(object, old)[0]!.message, /mutually exclusive/);
  object.status.conditions = [];
  assert.match(kind.validateStatus(object, old)[0]!.message, /may not remove a condition/);
});
