import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { decodeFields } from '../schema/decode.ts';
import { example } from '../testing/examples.ts';
import { create } from '../testing/refusals.ts';

const flows = 'flowcontrol.apiserver.k8s.io/v1 FlowSchema';
const level = 'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration';
const webhooks = 'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration';
const claim = 'resource.k8s.io/v1 ResourceClaim';
const slice = 'resource.k8s.io/v1 ResourceSlice';
const account = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'default' } };

const onSystem = (name: string, securityContext: object, more: object) => ({
  ...{ os: { name }, containers: [{ name: 'a', image: 'a', securityContext }] },
  securityContext: Object.fromEntries(Object.entries(securityContext).filter(([field]) => field !== 'privileged')),
  ...more,
});
const windowsOptions = ['spec.containers[0].securityContext.windowsOptions', 'spec.securityContext.windowsOptions'];
const unmasked = (more: object) => ({
  containers: [{ name: 'a', image: 'a', securityContext: { procMount: 'Unmasked' } }],
  ...more,
});

/** One field of an example set to a value, and the fields that are refused for it: as kube-apiserver 1.36 answers. */
const cases: [kind: string, path: string, value: unknown, ...refused: string[]][] = [
  ['v1 ConfigMap', 'metadata.finalizers', ['hold'], 'metadata.finalizers[0]'],
  ['v1 ConfigMap', 'metadata.finalizers', ['orphan', 'example.com/hold']],
  ['coordination.k8s.io/v1 Lease', 'metadata.finalizers', ['hold']],
  [
    'v1 ConfigMap',
    'metadata.ownerReferences',
    [{ apiVersion: 'a/b/c', kind: 'Pod', name: 'a', uid: 'u' }],
    'metadata.ownerReferences.apiVersion',
  ],
  ['v1 Service', 'metadata.name', '1a'],
  ['v1 Service', 'spec.trafficDistribution', 'Near', 'spec.trafficDistribution'],
  ['v1 Service', 'spec.trafficDistribution', 'PreferSameNode'],
  ['v1 Service', 'spec.loadBalancerClass', 'example.com/lb', 'spec.loadBalancerClass'],
  ['v1 Service', 'spec.allocateLoadBalancerNodePorts', false, 'spec.allocateLoadBalancerNodePorts'],
  ['v1 Service', 'spec.healthCheckNodePort', 30000, 'spec.healthCheckNodePort'],
  ['v1 Service', 'spec.ports.0.appProtocol', 'a b', 'spec.ports[0].appProtocol'],
  ['v1 Service', 'spec.ipFamilies', ['IPv4', 'IPv4'], 'spec.ipFamilies[1]'],
  ['v1 Service', 'spec.externalTrafficPolicy', 'Local', 'spec.externalTrafficPolicy'],
  ['v1 Event', 'metadata.name', 'node:A.17'],
  ['v1 Event', 'metadata.name', 'a/b', 'metadata.name'],
  ['storage.k8s.io/v1 CSIDriver', 'metadata.name', 'Upper', 'metadata.name'],
  ['v1 Service', 'spec.clusterIPs', ['10.96.0.9'], 'spec.clusterIPs'],
  ['rbac.authorization.k8s.io/v1 RoleBinding', 'subjects', [{ kind: 'ServiceAccount', name: 'of-this-namespace' }]],
  [
    'rbac.authorization.k8s.io/v1 ClusterRoleBinding',
    'subjects',
    [{ kind: 'ServiceAccount', name: 'of-which' }],
    'subjects[0].namespace',
  ],
  ['rbac.authorization.k8s.io/v1 ClusterRole', 'aggregationRule', {}, 'aggregationRule.clusterRoleSelectors'],
  ['v1 PersistentVolumeClaim', 'spec.volumeMode', '', 'spec.volumeMode'],
  [
    'autoscaling/v1 HorizontalPodAutoscaler',
    'spec.targetCPUUtilizationPercentage',
    0,
    'spec.metrics[0].resource.target.averageUtilization',
  ],
  [
    'v1 Endpoints',
    'subsets',
    [{ addresses: [{ ip: '10.0.0.1', hostname: 'a b' }] }],
    'subsets[0].addresses[0].hostname',
  ],
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
  ['policy/v1 PodDisruptionBudget', 'metadata.name', 'Any_Name'],
  ['certificates.k8s.io/v1 CertificateSigningRequest', 'metadata.name', 'node-csr-Ab_1'],
  ['certificates.k8s.io/v1 CertificateSigningRequest', 'spec.usages', ['client auth', 'client auth'], 'spec.usages[1]'],
  ['v1 PersistentVolume', 'spec.capacity', { storage: '0' }, 'spec.capacity[storage]'],
  ['v1 PersistentVolume', 'spec.capacity', { storage: '1Gi', cpu: '1' }, 'spec.capacity'],
  ['v1 PersistentVolume', 'spec.storageClassName', 'Not A Name', 'spec.storageClassName'],
  ['v1 PersistentVolume', 'spec.nodeAffinity', {}, 'spec.nodeAffinity.required'],
  ['v1 PersistentVolumeClaim', 'spec.storageClassName', 'Not A Name', 'spec.storageClassName'],
  ['v1 PersistentVolumeClaim', 'spec.resources.requests', { storage: '0' }, 'spec.resources[storage]'],
  ['v1 PersistentVolumeClaim', 'spec.dataSource', { kind: 'Pod', name: 'x' }, 'spec.dataSource', 'spec.dataSourceRef'],
  ['storage.k8s.io/v1 StorageClass', 'parameters', { '': 'a' }, 'parameters'],
  [
    'storage.k8s.io/v1 StorageClass',
    'allowedTopologies',
    [{ matchLabelExpressions: [{ key: 'zone', values: [] }] }],
    'allowedTopologies[0].matchLabelExpressions[0].values',
  ],
  ['storage.k8s.io/v1 VolumeAttributesClass', 'parameters', {}, 'parameters'],
  ['storage.k8s.io/v1 CSIDriver', 'spec.fsGroupPolicy', 'Any', 'spec.fsGroupPolicy'],
  [
    'storage.k8s.io/v1 CSIDriver',
    'spec.tokenRequests',
    [{ audience: 'a', expirationSeconds: 1 }],
    'spec.tokenRequests[0].expirationSeconds',
  ],
  ['storage.k8s.io/v1 CSINode', 'spec.drivers', [{ name: 'a', nodeID: '' }], 'spec.drivers[0].nodeID'],
  ['storage.k8s.io/v1 CSIStorageCapacity', 'capacity', '-1', 'capacity'],
  ['storage.k8s.io/v1 VolumeAttachment', 'spec.attacher', 'Not A Name', 'spec.attacher'],
  ['node.k8s.io/v1 RuntimeClass', 'overhead', { podFixed: { speed: '1' } }, 'overhead.limits[speed]'],
  ['node.k8s.io/v1 RuntimeClass', 'scheduling', { nodeSelector: { a: 'b c' } }, 'scheduling.nodeSelector'],
  ['networking.k8s.io/v1 IPAddress', 'spec', {}, 'spec.parentRef'],
  ['networking.k8s.io/v1 ServiceCIDR', 'spec.cidrs', ['10.1.0.0/16', '10.2.0.0/16'], 'spec.cidrs'],
  ['v1 LimitRange', 'spec.limits', [{ type: 'Thing' }], 'spec.limits[0].type'],
  [
    'v1 LimitRange',
    'spec.limits',
    [{ type: 'Pod', maxLimitRequestRatio: { cpu: '0.5' } }],
    'spec.limits[0].maxLimitRequestRatio[cpu]',
  ],
  ['v1 ResourceQuota', 'spec.hard', { pods: '1.5' }, 'spec.hard[pods]'],
  ['v1 ResourceQuota', 'spec.hard', { things: '1' }, 'spec.hard[things]'],
  [
    'v1 ResourceQuota',
    'spec.scopeSelector',
    { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] },
    'spec.scopeSelector.matchExpressions.values',
  ],
  [
    'discovery.k8s.io/v1 EndpointSlice',
    'endpoints',
    [{ addresses: ['10.0.0.1'], hints: { forZones: [{ name: 'a b' }] } }],
    'endpoints[0].hints.forZones[0].name',
  ],
  ['batch/v1 Job', 'spec.maxFailedIndexes', 1, 'spec.backoffLimitPerIndex', 'spec.maxFailedIndexes'],
  ['batch/v1 Job', 'spec.managedBy', 'me', 'spec.managedBy'],
  ['batch/v1 Job', 'spec.successPolicy', { rules: [{ succeededCount: 1 }] }, 'spec.successPolicy'],
  ['apps/v1 StatefulSet', 'spec.serviceName', 'Not A Name', 'spec.serviceName'],
  ['apps/v1 ControllerRevision', 'data', null, 'data'],
  ['v1 ReplicationController', 'spec.minReadySeconds', -1, 'spec.minReadySeconds'],
  ['apiregistration.k8s.io/v1 APIService', 'spec.versionPriority', 0, 'spec.versionPriority'],
  ['autoscaling/v2 HorizontalPodAutoscaler', 'spec.metrics', [{ type: 'Pods' }], 'spec.metrics[0].pods'],
  [
    'autoscaling/v2 HorizontalPodAutoscaler',
    'spec.metrics',
    [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0 } } }],
    'spec.metrics[0].resource.target.averageUtilization',
  ],
  [
    'autoscaling/v2 HorizontalPodAutoscaler',
    'spec.behavior',
    { scaleUp: { policies: [{ type: 'Pods', value: 0, periodSeconds: 1801 }] } },
    'spec.behavior.scaleUp.policies[0].value',
    'spec.behavior.scaleUp.policies[0].periodSeconds',
  ],
  ['events.k8s.io/v1 Event', 'action', '', 'action'],
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
  [flows, 'spec.matchingPrecedence', 1, 'spec.matchingPrecedence'],
  [flows, 'spec.distinguisherMethod', { type: 'ByPod' }, 'spec.distinguisherMethod.type'],
  [flows, 'spec.rules', [{}], 'spec.rules[0]', 'spec.rules[0].subjects'],
  [
    flows,
    'spec.rules',
    [
      {
        subjects: [{ kind: 'User', group: { name: 'a' } }],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/'] }],
      },
    ],
    'spec.rules[0].subjects[0].group',
    'spec.rules[0].subjects[0].user',
  ],
  [
    flows,
    'spec.rules',
    [{ subjects: [account], resourceRules: [{ verbs: ['*', 'get'], apiGroups: ['*'], resources: ['*'] }] }],
    'spec.rules[0].resourceRules[0].namespaces',
    'spec.rules[0].resourceRules[0].verbs',
  ],
  [
    flows,
    'spec.rules',
    [
      {
        subjects: [account],
        nonResourceRules: [{ verbs: ['get', 'peek'], nonResourceURLs: ['healthz', '/a*b', '/ok/*'] }],
      },
    ],
    'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]',
    'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]',
    'spec.rules[0].nonResourceRules[0].verbs',
  ],
  [level, 'spec.type', 'Exempt', 'spec.limited', 'spec.type'],
  [level, 'spec.exempt', {}, 'spec.exempt'],
  [level, 'spec.limited.limitResponse', { type: 'Queue' }, 'spec.limited.limitResponse.queuing'],
  [level, 'spec.limited.limitResponse', { type: 'Reject' }],
  [
    level,
    'spec.limited.limitResponse.queuing',
    { queues: 4, handSize: 5, queueLengthLimit: -1 },
    'spec.limited.limitResponse.queuing.handSize',
    'spec.limited.limitResponse.queuing.queueLengthLimit',
  ],
  [
    'networking.k8s.io/v1 IngressClass',
    'spec.parameters',
    { scope: 'Namespace', kind: 'Params', name: 'a', apiGroup: '' },
    'spec.parameters.apiGroup',
    'spec.parameters.namespace',
  ],
  [
    'networking.k8s.io/v1 IngressClass',
    'spec.parameters',
    { namespace: 'default', kind: 'Params', name: '' },
    'spec.parameters.name',
    'spec.parameters.namespace',
  ],
  ['networking.k8s.io/v1 Ingress', 'spec.rules.0.http.paths.0.path', '/a/../b', 'spec.rules[0].http.paths[0].path'],
  [
    'networking.k8s.io/v1 Ingress',
    'spec.defaultBackend',
    { service: { name: 'web', port: { name: 'A_b' } } },
    'spec.defaultBackend.service.port.name',
  ],
  [
    'networking.k8s.io/v1 Ingress',
    'spec.defaultBackend',
    { resource: { kind: 'Bucket' } },
    'spec.defaultBackend.resource.name',
  ],
  [webhooks, 'webhooks.0.admissionReviewVersions', ['v2'], 'webhooks[0].admissionReviewVersions'],
  [webhooks, 'webhooks.0.clientConfig', { url: 'http://a.example.com' }, 'webhooks[0].clientConfig.url'],
  [
    webhooks,
    'webhooks.0.clientConfig',
    { service: { name: 'a', path: 'x/y', port: 70_000 } },
    'webhooks[0].clientConfig.service.namespace',
    'webhooks[0].clientConfig.service.path',
    'webhooks[0].clientConfig.service.path',
    'webhooks[0].clientConfig.service.port',
  ],
  [
    webhooks,
    'webhooks.0.matchConditions',
    [
      { name: 'not valid!', expression: 'object.metadata.name == "a"' },
      { name: 'b', expression: 'nobody' },
    ],
    'webhooks[0].matchConditions[0].name',
    'webhooks[0].matchConditions[1].expression',
  ],
  [
    webhooks,
    'webhooks.0.rules',
    [{ operations: ['*', 'CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'All' }],
    'webhooks[0].rules[0].operations',
    'webhooks[0].rules[0].scope',
  ],
  ['certificates.k8s.io/v1 CertificateSigningRequest', 'spec.usages', [], 'spec.usages'],
  [
    'discovery.k8s.io/v1 EndpointSlice',
    'endpoints',
    [{ addresses: ['10.0.0.1'], hints: { forNodes: [{ name: '' }] } }],
    'endpoints[0].hints.forNodes[0].name',
  ],
  [claim, 'spec.devices', {}],
  [claim, 'spec.devices.requests', [{ name: 'r' }], 'spec.devices.requests[0]'],
  [
    claim,
    'spec.devices.requests',
    [{ name: 'r', exactly: { deviceClassName: 'a', count: -1, selectors: [{}] } }],
    'spec.devices.requests[0].exactly.count',
    'spec.devices.requests[0].exactly.selectors[0].cel',
  ],
  [
    claim,
    'spec.devices',
    {
      requests: [{ name: 'r', firstAvailable: [{ name: 'small', deviceClassName: 'a' }] }],
      constraints: [{ requests: ['r/small'], matchAttribute: 'example.com/numa' }, { requests: ['none'] }],
      config: [{ requests: ['r/large'], opaque: { driver: 'gpu.example.com', parameters: {} } }, {}],
    },
    'spec.devices.config[0].requests[0]',
    'spec.devices.config[1].opaque',
    'spec.devices.constraints[1]',
    'spec.devices.constraints[1].requests[0]',
  ],
  [
    'resource.k8s.io/v1 ResourceClaimTemplate',
    'spec.metadata',
    { name: 'fixed', labels: { a: 'not valid!' } },
    'spec.metadata.labels',
    'spec.metadata.name',
  ],
  [slice, 'spec.pool', { name: 'p', generation: -1 }, 'spec.pool.generation', 'spec.pool.resourceSliceCount'],
  [slice, 'spec.allNodes', true, 'spec'],
  [slice, 'spec.driver', 'Not valid!', 'spec.driver'],
  [
    slice,
    'spec.devices',
    [
      { name: 'gpu-0', attributes: { model: { string: 'a' }, 'bad name': { int: 1 } }, nodeName: 'n1' },
      { name: 'gpu-0', attributes: { model: { string: 'a', int: 1 }, version: { version: 'one' } } },
    ],
    'spec.devices[0]',
    'spec.devices[0].attributes',
    'spec.devices[1]',
    'spec.devices[1].attributes[model]',
    'spec.devices[1].attributes[version].version',
  ],
  ['resource.k8s.io/v1 DeviceClass', 'spec.extendedResourceName', 'gpu', 'spec.extendedResourceName'],
  ['resource.k8s.io/v1 DeviceClass', 'spec.config', [{}], 'spec.config[0].opaque'],
];

for (const [of, path, value, ...refused] of cases)
  test(`${of}: ${path} ${JSON.stringify(value)} is ${refused.length > 0 ? 'refused' : 'accepted'}`, () => {
    const kind = kindOf(...(of.split(' ') as [string, string]))!;
    const object = create(of, (object) => {
      const keys = path.split('.');
      const last = keys.pop()!;
      const holder = keys.reduce((inner, key) => (inner[key] ??= {}), object);
      holder[last] = structuredClone(value);
      assert.equal(decodeFields(kind.schema, object).mismatch, undefined);
    });
    assert.deepEqual(
      kind
        .validate(object)
        .map(({ field }) => field)
        .sort(),
      [...refused].sort(),
    );
  });

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
