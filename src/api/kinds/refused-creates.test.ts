import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { create, texts } from '../testing/refusals.ts';

const deployment = 'apps/v1 Deployment';
const service = 'v1 Service';
const rbac = 'rbac.authorization.k8s.io/v1';
const policy = 'networking.k8s.io/v1 NetworkPolicy';

const refusedCreates: [string, string, (object: any) => void, RegExp][] = [
  [
    deployment,
    'a selector that selects other pods',
    ({ spec }) => (spec.selector.matchLabels = { a: 'b' }),
    /`selector` does not match template `labels`/,
  ],
  [deployment, 'no selector', ({ spec }) => delete spec.selector, /spec\.selector: Required value/],
  [
    deployment,
    'a negative number of replicas',
    ({ spec }) => (spec.replicas = -1),
    /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
  ],
  [
    deployment,
    'a share without a percent sign',
    ({ spec }) => (spec.strategy = { rollingUpdate: { maxSurge: '25' } }),
    /a valid percent string/,
  ],
  [
    deployment,
    'a rollout that cannot move',
    ({ spec }) => (spec.strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } }),
    /may not be 0 when `maxSurge` is 0/,
  ],
  [
    deployment,
    'pods that end',
    ({ spec }) => (spec.template.spec.restartPolicy = 'Never'),
    /supported values: "Always"/,
  ],
  [
    deployment,
    'a spoilt template',
    ({ spec }) => (spec.template.spec.containers = []),
    /spec\.template\.spec\.containers: Required/,
  ],
  [
    'apps/v1 StatefulSet',
    'a name that is no label',
    ({ metadata }) => (metadata.name = 'a.b'),
    /lowercase RFC 1123 label/,
  ],
  [
    'apps/v1 DaemonSet',
    'surge and unavailability at once',
    ({ spec }) => (spec.updateStrategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }),
    /may not be set when maxUnavailable/,
  ],
  [service, 'no ports', ({ spec }) => (spec.ports = []), /spec\.ports: Required value/],
  [service, 'two ports without names', ({ spec }) => spec.ports.push({ port: 81 }), /spec\.ports\[0\]\.name: Required/],
  [
    service,
    'one port twice',
    ({ spec }) => (spec.ports = ['a', 'b'].map((name) => ({ name, port: 80 }))),
    /Duplicate value/,
  ],
  [
    service,
    'a node port of a cluster service',
    ({ spec }) => (spec.ports[0].nodePort = 30000),
    /may not be used when `type` is 'ClusterIP'/,
  ],
  [
    service,
    'an external name that is none',
    ({ spec }) => Object.assign(spec, { type: 'ExternalName' }),
    /spec\.externalName: Required/,
  ],
  [
    service,
    'an external address on loopback',
    ({ spec }) => (spec.externalIPs = ['127.0.0.1']),
    /may not be in the loopback range/,
  ],
  ['v1 ConfigMap', 'a key with a slash', (object) => (object.data = { 'a/b': '' }), /a valid config key/],
  ['v1 ConfigMap', 'more than 1 MiB', (object) => (object.data = { a: 'x'.repeat(2 ** 20 + 1) }), /Too long/],
  [
    'v1 Secret',
    'a certificate without its key',
    (object) => Object.assign(object, { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }),
    /data\[tls\.key\]: Required/,
  ],
  ['v1 Namespace', 'a name with a dot', ({ metadata }) => (metadata.name = 'a.b'), /lowercase RFC 1123 label/],
  ['v1 PersistentVolumeClaim', 'no size', ({ spec }) => (spec.resources = {}), /spec\.resources\[storage\]: Required/],
  [
    'v1 PersistentVolumeClaim',
    'an unknown access mode',
    ({ spec }) => (spec.accessModes = ['Write']),
    /Unsupported value: "Write"/,
  ],
  [
    'v1 PersistentVolume',
    'two sources',
    ({ spec }) => (spec.nfs = { server: 'a', path: '/' }),
    /more than 1 volume type/,
  ],
  [
    'v1 PersistentVolume',
    'a local disk of no node',
    ({ spec }) => Object.assign(spec, { hostPath: undefined, local: { path: '/a' } }),
    /Local volume requires node affinity/,
  ],
  [
    'v1 Node',
    'one taint twice',
    ({ spec }) => (spec.taints = [1, 2].map(() => ({ key: 'a', effect: 'NoSchedule' }))),
    /taints must be unique/,
  ],
  [
    'v1 Event',
    'an object of another namespace',
    (object) => (object.involvedObject.namespace = 'other'),
    /does not match event\.namespace/,
  ],
  [
    'v1 LimitRange',
    'a least that is more than the most',
    ({ spec }) => (spec.limits[0].min = { cpu: '3' }),
    /min value 3 is greater than/,
  ],
  ['v1 ResourceQuota', 'a negative quota', ({ spec }) => (spec.hard.pods = '-1'), /greater than or equal to 0/],
  [
    'v1 Endpoints',
    'an address that is none',
    ({ subsets }) => (subsets[0].addresses[0].ip = '10.0.0'),
    /must be a valid IP address/,
  ],
  [
    'v1 Endpoints',
    'the metadata service',
    ({ subsets }) => (subsets[0].addresses[0].ip = '169.254.169.254'),
    /may not be in the link-local range/,
  ],
  [
    'discovery.k8s.io/v1 EndpointSlice',
    'an endpoint on the node itself',
    ({ endpoints }) => (endpoints[0].addresses = ['127.0.0.1']),
    /loopback/,
  ],
  [
    'discovery.k8s.io/v1 EndpointSlice',
    'the metadata service',
    ({ endpoints }) => (endpoints[0].addresses = ['169.254.169.254']),
    /link-local/,
  ],
  [
    'discovery.k8s.io/v1 EndpointSlice',
    '1001 endpoints',
    (object) => (object.endpoints = Array(1001).fill({ addresses: ['10.0.0.1'] })),
    /must have at most 1000 items/,
  ],
  [policy, 'a peer that is nobody', ({ spec }) => (spec.ingress = [{ from: [{}] }]), /must specify a peer/],
  [
    policy,
    'an exception outside its block',
    ({ spec }) => (spec.ingress[0].from[0].ipBlock.except = ['11.0.0.0/16']),
    /strict subset of `cidr`/,
  ],
  [
    policy,
    'a range of named ports',
    ({ spec }) => (spec.ingress[0].ports = [{ port: 'http', endPort: 90 }]),
    /non-numeric/,
  ],
  [policy, 'an unknown type', ({ spec }) => (spec.policyTypes = ['Both']), /Unsupported value: "Both"/],
  [`${rbac} Role`, 'a rule without verbs', ({ rules }) => (rules[0].verbs = []), /must contain at least one value/],
  [
    `${rbac} Role`,
    'paths of the whole server',
    (object) => (object.rules = [{ verbs: ['get'], nonResourceURLs: ['/'] }]),
    /cannot apply to non-resource URLs/,
  ],
  [
    `${rbac} RoleBinding`,
    'a subject of no kind',
    ({ subjects }) => (subjects[0].kind = 'Robot'),
    /supported values: "Group", "ServiceAccount", "User"/,
  ],
  [
    `${rbac} ClusterRoleBinding`,
    'the role of one namespace',
    ({ roleRef }) => (roleRef.kind = 'Role'),
    /supported values: "ClusterRole"/,
  ],
  ['policy/v1 PodDisruptionBudget', 'both limits', ({ spec }) => (spec.maxUnavailable = 1), /cannot be both set/],
  [
    'batch/v1 Job',
    'pods that always restart',
    ({ spec }) => (spec.template.spec.restartPolicy = 'Always'),
    /supported values: "Never", "OnFailure"/,
  ],
  [
    'batch/v1 CronJob',
    'a schedule of four fields',
    ({ spec }) => (spec.schedule = '* * * *'),
    /expected exactly 5 fields, found 4/,
  ],
  ['batch/v1 CronJob', 'the 32nd', ({ spec }) => (spec.schedule = '0 0 32 * *'), /above maximum \(31\)/],
  ['batch/v1 CronJob', 'an unknown time zone', ({ spec }) => (spec.timeZone = 'Mars/Base'), /unknown time zone/],
  [
    'batch/v1 CronJob',
    'a name of 53 characters',
    ({ metadata }) => (metadata.name = 'a'.repeat(53)),
    /no more than 52 characters/,
  ],
  [
    'networking.k8s.io/v1 Ingress',
    'a path that is relative',
    ({ spec }) => (spec.rules[0].http.paths[0].path = 'a'),
    /must be an absolute path/,
  ],
  [
    'autoscaling/v2 HorizontalPodAutoscaler',
    'a most below the least',
    ({ spec }) => (spec.minReplicas = 5),
    /greater than or equal to `minReplicas`/,
  ],
  [
    'scheduling.k8s.io/v1 PriorityClass',
    'a priority of the system',
    (object) => (object.value = 2_000_000_000),
    /maximum allowed value/,
  ],
  [
    'certificates.k8s.io/v1 CertificateSigningRequest',
    'a request that is none',
    ({ spec }) => (spec.request = 'YQ=='),
    /CERTIFICATE REQUEST/,
  ],
  [
    'apiextensions.k8s.io/v1 CustomResourceDefinition',
    'another name than its own',
    ({ metadata }) => (metadata.name = 'x.example.com'),
    /must be spec\.names\.plural/,
  ],
  [
    'networking.k8s.io/v1 IPAddress',
    'a name that is no address',
    ({ metadata }) => (metadata.name = 'web'),
    /must be a valid IP address/,
  ],
];

for (const [of, what, change, message] of refusedCreates)
  test(`${of} is refused for ${what}`, () => {
    const [apiVersion, name] = of.split(' ') as [string, string];
    const errors = texts(kindOf(apiVersion, name)!.validate(create(of, change)));
    assert.ok(
      errors.some((error) => message.test(error)),
      `${message} in ${JSON.stringify(errors)}`,
    );
  });

test('a job selects its own pods by its uid', () => {
  const { spec, metadata } = create('batch/v1 Job');
  assert.deepEqual(spec.selector.matchLabels, { 'batch.kubernetes.io/controller-uid': metadata.uid });
  assert.equal(spec.template.metadata.labels['job-name'], 'web');
});
