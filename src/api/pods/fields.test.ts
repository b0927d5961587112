import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { example } from '../testing/examples.ts';
import { testFields } from '../testing/refusals.ts';

const onSystem = (name: string, securityContext: object, more: object) => ({
  ...{ os: { name }, containers: [{ name: 'a', image: 'a', securityContext }] },
  securityContext: Object.fromEntries(Object.entries(securityContext).filter(([field]) => field !== 'privileged')),
  ...more,
});
const windowsOptions = ['spec.containers[0].securityContext.windowsOptions', 'spec.securityContext.windowsOptions'];
const mounting = (mount: object) => ({
  volumes: [{ name: 'v', emptyDir: {} }],
  containers: [{ name: 'a', image: 'a', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }],
});
const recursive = 'spec.containers[0].volumeMounts.recursiveReadOnly';
const restartRules = ['spec.containers[0].restartPolicy', 'spec.containers[0].restartPolicyRules[0].exitCodes'];
const unmasked = (more: object) => ({
  containers: [{ name: 'a', image: 'a', securityContext: { procMount: 'Unmasked' } }],
  ...more,
});

testFields([
  [
    'v1 Pod',
    'spec.volumes',
    [
      {
        name: 'a',
        projected: { sources: ['a', 'b'].map((name) => ({ secret: { name, items: [{ key: 'k', path: 'p' }] } })) },
      },
    ],
    'spec.volumes[0].projected',
  ],
  [
    'v1 Pod',
    'spec.volumes',
    [
      {
        name: 'a',
        ephemeral: {
          volumeClaimTemplate: {
            metadata: { name: 'x' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      },
    ],
    'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name',
  ],
  ['v1 Pod', 'spec.imagePullSecrets', [{}]],
  ['v1 Pod', 'spec.hostnameOverride', 'Not A Name', 'spec.hostnameOverride'],
  ['v1 Pod', 'spec.os', { name: 'linux' }],
  ['v1 Pod', 'spec.os', { name: 'windows' }],
  ['v1 Pod', 'spec.os', { name: 'plan9' }, 'spec.os.name'],
  ['v1 Pod', 'spec', onSystem('linux', { windowsOptions: {}, runAsUser: 1 }, {}), ...windowsOptions],
  ['v1 Pod', 'spec', onSystem('windows', { windowsOptions: {} }, { hostNetwork: true })],
  [
    'v1 Pod',
    'spec',
    onSystem('windows', { runAsUser: 1, privileged: false }, { hostUsers: true, hostPID: true, resources: {} }),
    ...['spec.containers[0].securityContext.privileged', 'spec.containers[0].securityContext.runAsUser'],
    ...['spec.hostPID', 'spec.hostUsers', 'spec.resources', 'spec.securityContext.runAsUser'],
  ],
  ['v1 Pod', 'spec.hostUsers', false],
  [
    'v1 Pod',
    'spec',
    {
      ...{ hostUsers: false, hostNetwork: true, hostPID: true, hostIPC: true },
      volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'd' } }],
      containers: [{ name: 'a', image: 'a', volumeDevices: [{ name: 'd', devicePath: '/dev/d' }] }],
    },
    ...['spec.HostIPC', 'spec.HostPID', 'spec.containers[0].volumeDevices', 'spec.hostNetwork'],
  ],
  ['v1 Pod', 'spec', unmasked({ hostUsers: false })],
  ['v1 Pod', 'spec', unmasked({}), 'spec.containers[0].securityContext.procMount'],
  ['v1 Pod', 'spec', mounting({ readOnly: true, recursiveReadOnly: 'Enabled', mountPropagation: 'None' })],
  ['v1 Pod', 'spec', mounting({ readOnly: true, recursiveReadOnly: 'Always' }), recursive],
  ['v1 Pod', 'spec', mounting({ recursiveReadOnly: 'IfPossible' }), recursive],
  [
    ...(['v1 Pod', 'spec'] as const),
    mounting({ readOnly: true, recursiveReadOnly: 'IfPossible', mountPropagation: 'HostToContainer' }),
    recursive,
  ],
  ['v1 Pod', 'spec.containers.0.restartPolicyRules', [{ action: 'Restart' }], ...restartRules],
  [
    ...(['v1 Pod', 'spec'] as const),
    {
      containers: [{ name: 'a', image: 'a' }],
      ephemeralContainers: [
        { name: 'b', image: 'b', restartPolicy: 'Always', restartPolicyRules: [{ action: 'Restart' }] },
      ],
    },
    ...['spec.ephemeralContainers[0].restartPolicy', 'spec.ephemeralContainers[0].restartPolicyRules'],
  ],
  ['v1 Pod', 'spec.overhead', { speed: '1' }, 'spec.overhead.limits[speed]'],
  ['v1 Pod', 'spec.resources', { limits: { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '2Mi' } }],
  [
    'v1 Pod',
    'spec',
    {
      containers: [
        { name: 'a', image: 'a', resources: { requests: { cpu: '1' }, limits: { memory: '2Gi', cpu: '1' } } },
      ],
      resources: {
        requests: { cpu: '500m', disk: '1', storage: '1' },
        limits: { memory: '1Gi' },
        claims: [{ name: 'gpu' }],
      },
    },
    'spec.resources.claims',
    'spec.resources.containers[0][memory].limits',
    'spec.resources.requests',
    'spec.resources.requests[cpu]',
    'spec.resources.requests[disk]',
    'spec.resources.requests[storage]',
  ],
  ['v1 Pod', 'spec.schedulingGates', [{ name: 'a' }, { name: 'a' }], 'spec.schedulingGates[1]'],
  ['v1 Pod', 'spec.dnsConfig', { searches: ['a b'] }, 'spec.dnsConfig.searches[0]'],
  ['v1 Pod', 'spec.dnsConfig', { searches: ['a.b.', '_tcp.example.com', '.'] }],
  [
    'v1 Pod',
    'spec.containers.0.resizePolicy',
    [{ resourceName: 'disk', restartPolicy: 'NotRequired' }],
    'spec.containers[0].resizePolicy',
  ],
  [
    'v1 Pod',
    'spec.topologySpreadConstraints',
    [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['a'] }],
    'spec.topologySpreadConstraints[0].matchLabelKeys',
  ],
  ['v1 Pod', 'spec.volumes', [{ name: 'a', csi: { driver: 'Not A Name' } }], 'spec.volumes[0].csi.driver'],
  [
    'v1 Pod',
    'spec.volumes',
    [{ name: 'a', iscsi: { targetPortal: '10.0.0.1', iqn: 'x', lun: 256 } }],
    'spec.volumes[0].iscsi.iqn',
    'spec.volumes[0].iscsi.lun',
  ],
  ['v1 Pod', 'spec.volumes', [{ name: 'a', configMap: { name: 'a', items: [{ key: 'a b', path: 'x' }] } }]],
]);

test('where a gated pod may go can only be narrowed', () => {
  const kind = kindOf('v1', 'Pod')!;
  const pod = (...values: string[]): any => {
    const object: any = example('v1', 'Pod', true);
    const needed = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values }] }] };
    object.spec.affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: needed } };
    object.spec.schedulingGates = [{ name: 'example.com/gate' }];
    kind.defaults(object);
    return object;
  };
  const termsOf = ({ spec }: any) =>
    spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
  assert.equal(kind.validate(pod('a', 'b'), pod('a')).length, 1);
  const narrower = pod('a');
  termsOf(narrower)[0].matchExpressions.push({ key: 'disk', operator: 'Exists' });
  assert.deepEqual(kind.validate(narrower, pod('a')), []);
  const alternative = pod('a');
  termsOf(alternative).push({ matchExpressions: [{ key: 'disk', operator: 'Exists' }] });
  assert.equal(kind.validate(alternative, pod('a')).length, 1);
});

test('label keys of affinity become expressions with the labels of the pod', () => {
  const kind = kindOf('v1', 'Pod')!;
  const object: any = example('v1', 'Pod', true);
  object.metadata.labels = { app: 'web' };
  const term = { topologyKey: 'zone', labelSelector: {}, matchLabelKeys: ['app', 'none'], mismatchLabelKeys: ['app'] };
  object.spec.affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  kind.prepareCreate(object);
  assert.deepEqual(term.labelSelector, {
    matchExpressions: [
      { key: 'app', operator: 'In', values: ['web'] },
      { key: 'app', operator: 'NotIn', values: ['web'] },
    ],
  });
});
