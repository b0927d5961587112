import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, kinds } from '../api.ts';
import { apiVersionOf } from '../kind.ts';
import { create } from '../testing/refusals.ts';

const zone = 'failure-domain.beta.kubernetes.io/zone';
const replaced = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead';
const zoneTerm = { matchExpressions: [{ key: zone, operator: 'Exists' }] };
const nobody = { topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' };

/** A change of an example, and what is said of it: as kube-apiserver 1.36 says it. */
const cases: [kind: string, change: (object: any) => void, ...warnings: string[]][] = [
  ['v1 Pod', ({ spec }) => (spec.nodeSelector = { [zone]: 'a' }), `spec.nodeSelector[${zone}]: ${replaced}`],
  [
    'v1 Pod',
    ({ spec }) => {
      const terms = { nodeSelectorTerms: [zoneTerm] };
      spec.affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
    },
    `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: ${zone} is ${replaced}`,
  ],
  [
    'v1 Pod',
    ({ spec }) => {
      spec.topologySpreadConstraints = [nobody];
      spec.affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a' }] } };
    },
    'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod',
    'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
  ],
  [
    'v1 Pod',
    ({ spec }) => {
      spec.volumes = [{ name: 'a', gitRepo: { repository: 'x' } }];
      spec.hostAliases = ['10.0.0.1', '10.0.0.1'].map((ip) => ({ ip }));
      spec.imagePullSecrets = [{ name: 'a' }, { name: 'a' }, {}];
    },
    'spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
    'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"',
    'spec.imagePullSecrets[1].name: duplicate name "a"',
    'spec.imagePullSecrets[2].name: invalid empty name ""',
  ],
  [
    'v1 Pod',
    ({ spec }) => {
      const env = ['a', '$(A)b', 'c', '$(A)'].map((value) => ({ name: 'A', value }));
      Object.assign(spec.containers[0], { env, resources: { requests: { memory: '500m', cpu: '500m' } } });
    },
    'spec.containers[0].resources.requests[memory]: fractional byte value "500m" is invalid, must be an integer',
    'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
    'spec.containers[0].env[3]: hides previous definition of "A", which may be dropped when using apply',
  ],
  [
    'v1 Pod',
    ({ spec }) => {
      const [port, host] = [{ containerPort: 80 }, { containerPort: 80, hostPort: 80 }];
      spec.containers[0].ports = [{ ...port, name: 'web' }, host, { ...host, hostIP: '10.0.0.1' }];
      spec.initContainers = [{ name: 'init', image: 'a', ports: [port, { containerPort: 81, name: 'web' }] }];
    },
    'spec.containers[0].ports[0]: duplicate port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[1]: overlapping port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]',
    'spec.containers[0].ports[2]: overlapping port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]',
    'spec.containers[0].ports[2]: dangerously ambiguous port definition with spec.containers[0].ports[1]',
    'spec.containers[0].ports[0]: duplicate port name "web" with spec.initContainers[0].ports[1], services and probes that select ports by name will use spec.initContainers[0].ports[1]',
  ],
  [
    'v1 Pod',
    ({ metadata, spec }) => {
      const profile = { appArmorProfile: { type: 'Localhost', localhostProfile: 'a' } };
      spec.securityContext = { seccompProfile: { type: 'RuntimeDefault' }, ...profile };
      spec.containers = ['a', 'b', 'c'].map((name) => ({ name, image: 'x' }));
      spec.containers[2].securityContext = { seccompProfile: { type: 'RuntimeDefault' } };
      const appArmor = 'container.apparmor.security.beta.kubernetes.io';
      const seccomp = 'container.seccomp.security.alpha.kubernetes.io';
      metadata.annotations = { [`${appArmor}/a`]: 'localhost/a', [`${appArmor}/b`]: 'unconfined' };
      for (const name of ['a', 'c', 'z']) metadata.annotations[`${seccomp}/${name}`] = 'runtime/default';
      metadata.annotations['seccomp.security.alpha.kubernetes.io/pod'] = 'runtime/default';
    },
    'metadata.annotations[container.seccomp.security.alpha.kubernetes.io/a]: non-functional in v1.27+; use the "seccompProfile" field instead',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/b]: deprecated since v1.30; use the "appArmorProfile" field instead',
  ],
  [
    'batch/v1 CronJob',
    ({ spec }) =>
      (spec.jobTemplate.spec.template.metadata = { annotations: { 'security.alpha.kubernetes.io/sysctls': '' } }),
    'spec.jobTemplate.spec.template.metadata.annotations[security.alpha.kubernetes.io/sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
  ],
  [
    'v1 Service',
    ({ spec }) => Object.assign(spec, { externalIPs: ['192.0.2.1'], trafficDistribution: 'PreferClose' }),
    'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ],
  [
    'v1 Service',
    ({ spec }) => Object.assign(spec, { clusterIP: 'None', externalIPs: ['192.0.2.1'], sessionAffinity: 'ClientIP' }),
    'spec.externalIPs is ignored for headless services',
    'spec.SessionAffinity is ignored for headless services',
  ],
  [
    'networking.k8s.io/v1 Ingress',
    ({ metadata }) => (metadata.annotations = { 'kubernetes.io/ingress.class': 'a' }),
    `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
  ],
  [
    'v1 PersistentVolume',
    ({ spec }) => (spec.persistentVolumeReclaimPolicy = 'Recycle'),
    'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
  ],
  [
    'v1 PersistentVolumeClaim',
    ({ metadata }) => (metadata.annotations = { 'volume.beta.kubernetes.io/storage-class': 'a' }),
    'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
  ],
  [
    'storage.k8s.io/v1 StorageClass',
    (object) => (object.allowedTopologies = [{ matchLabelExpressions: [{ key: zone, values: ['a'] }] }]),
    `allowedTopologies[0].matchLabelExpressions[0].key: ${replaced}`,
  ],
];

for (const [of, change, ...warnings] of cases)
  test(`${of}: ${warnings[0]}`, () => {
    const kind = kindOf(...(of.split(' ') as [string, string]))!;
    assert.deepEqual([...kind.warnings!(create(of, change))], warnings);
  });

test('of an example of any kind nothing is said', () => {
  for (const kind of kinds.filter(({ warnings }) => warnings !== undefined))
    assert.deepEqual([...kind.warnings!(create(`${apiVersionOf(kind)} ${kind.kind}`))], [], kind.kind);
});

test('a name that is no label is told of new workloads, a template when it changes', () => {
  const deployments = kindOf('apps/v1', 'Deployment')!;
  const dotted = create('apps/v1 Deployment', ({ metadata, spec }) => {
    Object.assign(metadata, { name: 'a.b', generation: 1 });
    spec.template.spec.nodeSelector = { [zone]: 'a' };
  });
  const [name, template] = deployments.warnings!(dotted);
  assert.match(name!, /^metadata\.name: this is used in Pod names and hostnames, .*: \[a lowercase RFC 1123 label/);
  assert.equal(template, `spec.template.spec.nodeSelector[${zone}]: ${replaced}`);
  assert.deepEqual([...deployments.warnings!(dotted, structuredClone(dotted))], []);
  const changed = { ...dotted, metadata: { ...dotted.metadata, generation: 2 } };
  assert.deepEqual([...deployments.warnings!(changed, dotted)], [template]);
  const pod = create('v1 Pod', ({ metadata }) => (metadata.name = 'a.b'));
  assert.match(kindOf('v1', 'Pod')!.warnings!(pod)[0]!, /this is used in the Pod's hostname/);
});

test('of very many ports of one number the first are told, at once', () => {
  const pod = create('v1 Pod', ({ spec }) => {
    spec.containers[0].ports = Array.from({ length: 20_000 }, (_, index) => ({ containerPort: 80, hostPort: index }));
    for (const port of spec.containers[0].ports.slice(10_000)) port.name = 'web';
  });
  assert.equal(kindOf('v1', 'Pod')!.warnings!(pod).length, 100);
});
