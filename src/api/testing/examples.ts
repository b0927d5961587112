import type { KubernetesObject } from '../object.ts';

/** A small valid object of every kind that is stored, for tests that go over all of them. */
const podSpec = () => ({ containers: [{ name: 'app', image: 'registry.example.com/app:1.0' }] });
const labels = { app: 'web' };
const template = () => ({ metadata: { labels }, spec: podSpec() });
const jobTemplate = () => ({ spec: { ...podSpec(), restartPolicy: 'Never' } });
const claimSpec = () => ({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } });
const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const rbac = 'rbac.authorization.k8s.io';
const request = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n');
const addLabel = '[JSONPatch{op: "add", path: "/metadata/labels/a", value: "b"}]';
const webhook = {
  name: 'check.example.com',
  clientConfig: { service: { namespace: 'default', name: 'check' } },
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const admission = 'admissionregistration.k8s.io/v1';
const match = { resourceRules: webhook.rules };
const devices = { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }] };

type Body = Record<string, unknown>;
const bodies: Record<string, Body> = {
  'v1 ConfigMap': { data: { 'app.conf': 'debug = false' } },
  'v1 Endpoints': { subsets: [{ addresses: [{ ip: '10.244.0.5' }], ports: [{ port: 80 }] }] },
  'v1 Event': { involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' }, reason: 'Started', message: 'ok' },
  'v1 LimitRange': { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '100m' } }] } },
  'v1 Namespace': {},
  'v1 Node': { spec: { podCIDRs: ['10.244.0.0/24'] } },
  'v1 PersistentVolumeClaim': { spec: claimSpec() },
  'v1 PersistentVolume': {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
  },
  'v1 Pod': { spec: podSpec() },
  'v1 PodTemplate': { template: template() },
  'v1 ReplicationController': { spec: { template: template() } },
  'v1 ResourceQuota': { spec: { hard: { pods: '10', 'requests.cpu': '4' } } },
  'v1 Secret': { stringData: { password: 'x' } },
  'v1 ServiceAccount': {},
  'v1 Service': { spec: { selector: labels, ports: [{ port: 80 }] } },
  'apiregistration.k8s.io/v1 APIService': {
    metadata: { name: 'v1.metrics.example.com' },
    spec: { group: 'metrics.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100 },
  },
  'apps/v1 ControllerRevision': { revision: 1, data: { spec: {} } },
  'apps/v1 DaemonSet': { spec: { selector: { matchLabels: labels }, template: template() } },
  'apps/v1 Deployment': { spec: { selector: { matchLabels: labels }, template: template() } },
  'apps/v1 ReplicaSet': { spec: { selector: { matchLabels: labels }, template: template() } },
  'apps/v1 StatefulSet': {
    spec: {
      selector: { matchLabels: labels },
      serviceName: 'web',
      template: template(),
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec() }],
    },
  },
  'defence.rempart.io/v1alpha1 Protection': { spec: { mode: 'enforce' } },
  'events.k8s.io/v1 Event': {
    regarding: { kind: 'Pod', name: 'web', namespace: 'default' },
    ...{ eventTime: '2026-01-01T00:00:00.000000Z', type: 'Normal', reason: 'Seen', action: 'Look', note: 'ok' },
    ...{ reportingController: 'example.com/eye', reportingInstance: 'eye-1' },
  },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 },
  },
  'autoscaling/v1 HorizontalPodAutoscaler': {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 70,
    },
  },
  'batch/v1 CronJob': {
    spec: { schedule: '*/5 0-6 * jan mon-fri', jobTemplate: { spec: { template: jobTemplate() } } },
  },
  'batch/v1 Job': { spec: { template: jobTemplate() } },
  'certificates.k8s.io/v1 CertificateSigningRequest': {
    spec: { request: request.toString('base64'), signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth'] },
  },
  'networking.k8s.io/v1 IngressClass': { spec: { controller: 'example.com/ingress' } },
  'networking.k8s.io/v1 Ingress': {
    spec: {
      rules: [
        {
          host: '*.example.com',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  'networking.k8s.io/v1 IPAddress': {
    metadata: { name: '10.96.0.10' },
    spec: { parentRef: { resource: 'services', namespace: 'kube-system', name: 'kube-dns' } },
  },
  'networking.k8s.io/v1 NetworkPolicy': {
    spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] },
  },
  'networking.k8s.io/v1 ServiceCIDR': { spec: { cidrs: ['10.96.0.0/16'] } },
  'policy/v1 PodDisruptionBudget': { spec: { minAvailable: 1, selector: { matchLabels: labels } } },
  [`${rbac}/v1 ClusterRoleBinding`]: {
    roleRef: { kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'ann' }],
  },
  [`${rbac}/v1 ClusterRole`]: { rules: [rule, { verbs: ['get'], nonResourceURLs: ['/metrics'] }] },
  [`${rbac}/v1 RoleBinding`]: {
    roleRef: { kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'default' }],
  },
  [`${rbac}/v1 Role`]: { rules: [rule] },
  'storage.k8s.io/v1 CSIDriver': { spec: {} },
  'storage.k8s.io/v1 CSINode': { spec: { drivers: [{ name: 'disk.example.com', nodeID: 'n1' }] } },
  'storage.k8s.io/v1 CSIStorageCapacity': { storageClassName: 'fast', capacity: '10Gi' },
  'storage.k8s.io/v1 StorageClass': { provisioner: 'rempart.io/local-path' },
  'storage.k8s.io/v1 VolumeAttachment': {
    spec: { attacher: 'disk.example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv1' } },
  },
  'storage.k8s.io/v1 VolumeAttributesClass': { driverName: 'disk.example.com', parameters: { iops: '100' } },
  [`${admission} MutatingWebhookConfiguration`]: { webhooks: [webhook] },
  [`${admission} ValidatingWebhookConfiguration`]: { webhooks: [webhook] },
  [`${admission} ValidatingAdmissionPolicy`]: {
    spec: { matchConstraints: match, validations: [{ expression: 'true' }] },
  },
  [`${admission} ValidatingAdmissionPolicyBinding`]: { spec: { policyName: 'p', validationActions: ['Deny'] } },
  [`${admission} MutatingAdmissionPolicy`]: {
    spec: { matchConstraints: match, mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: addLabel } }] },
  },
  [`${admission} MutatingAdmissionPolicyBinding`]: { spec: { policyName: 'p' } },
  'apiextensions.k8s.io/v1 CustomResourceDefinition': {
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      names: { plural: 'crontabs', kind: 'CronTab' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  },
  'scheduling.k8s.io/v1 PriorityClass': { value: 1000 },
  'coordination.k8s.io/v1 Lease': { spec: { holderIdentity: 'n1', leaseDurationSeconds: 40 } },
  'node.k8s.io/v1 RuntimeClass': { handler: 'runc' },
  'discovery.k8s.io/v1 EndpointSlice': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.5'] }],
    ports: [{ name: 'http', port: 80 }],
  },
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': { spec: { priorityLevelConfiguration: { name: 'workload-low' } } },
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': {
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
  },
  'resource.k8s.io/v1 DeviceClass': { spec: {} },
  'resource.k8s.io/v1 ResourceClaim': { spec: { devices } },
  'resource.k8s.io/v1 ResourceClaimTemplate': { spec: { spec: { devices } } },
  'resource.k8s.io/v1 ResourceSlice': {
    spec: { driver: 'gpu.example.com', nodeName: 'n1', pool: { name: 'n1', generation: 1, resourceSliceCount: 1 } },
  },
};

/** By `apiVersion kind`; the name is `web` where the kind does not say otherwise. Each call makes new objects. */
export function example(apiVersion: string, kind: string, namespaced: boolean): KubernetesObject {
  const body = bodies[`${apiVersion} ${kind}`];
  if (!body) throw new Error(`examples.ts has no ${apiVersion} ${kind}`);
  const { metadata = {}, ...rest } = structuredClone(body) as { metadata?: Body };
  return {
    apiVersion,
    kind,
    metadata: { name: 'web', ...(namespaced ? { namespace: 'default' } : {}), ...metadata },
    ...rest,
  };
}
