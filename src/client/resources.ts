/** Where a resource is served: `version` without group, and whether its objects have a namespace. */
export type Resource = { group: string; version: string; resource: string; kind: string; namespaced: boolean };

/**
 * The built-in resources in their preferred version, so that a client needs no discovery for them. One line per group:
 * `plural:Kind`, cluster-scoped ones with a `*`. The test holds it against the kinds of the API.
 */
const builtIns: Record<string, string> = {
  v1: `bindings:Binding componentstatuses*:ComponentStatus configmaps:ConfigMap endpoints:Endpoints events:Event
    limitranges:LimitRange namespaces*:Namespace nodes*:Node persistentvolumeclaims:PersistentVolumeClaim
    persistentvolumes*:PersistentVolume pods:Pod podtemplates:PodTemplate replicationcontrollers:ReplicationController
    resourcequotas:ResourceQuota secrets:Secret serviceaccounts:ServiceAccount services:Service`,
  'admissionregistration.k8s.io/v1': `mutatingwebhookconfigurations*:MutatingWebhookConfiguration
    validatingwebhookconfigurations*:ValidatingWebhookConfiguration
    validatingadmissionpolicies*:ValidatingAdmissionPolicy mutatingadmissionpolicies*:MutatingAdmissionPolicy
    validatingadmissionpolicybindings*:ValidatingAdmissionPolicyBinding
    mutatingadmissionpolicybindings*:MutatingAdmissionPolicyBinding`,
  'apiextensions.k8s.io/v1': 'customresourcedefinitions*:CustomResourceDefinition',
  'apiregistration.k8s.io/v1': 'apiservices*:APIService',
  'apps/v1': `controllerrevisions:ControllerRevision daemonsets:DaemonSet deployments:Deployment
    replicasets:ReplicaSet statefulsets:StatefulSet`,
  'authentication.k8s.io/v1': 'tokenreviews*:TokenReview selfsubjectreviews*:SelfSubjectReview',
  'authorization.k8s.io/v1': `localsubjectaccessreviews:LocalSubjectAccessReview
    selfsubjectaccessreviews*:SelfSubjectAccessReview selfsubjectrulesreviews*:SelfSubjectRulesReview
    subjectaccessreviews*:SubjectAccessReview`,
  'autoscaling/v2': 'horizontalpodautoscalers:HorizontalPodAutoscaler',
  'batch/v1': 'cronjobs:CronJob jobs:Job',
  'certificates.k8s.io/v1': 'certificatesigningrequests*:CertificateSigningRequest',
  'coordination.k8s.io/v1': 'leases:Lease',
  'defence.rempart.io/v1alpha1': 'protections*:Protection',
  'discovery.k8s.io/v1': 'endpointslices:EndpointSlice',
  'events.k8s.io/v1': 'events:Event',
  'flowcontrol.apiserver.k8s.io/v1': `flowschemas*:FlowSchema
    prioritylevelconfigurations*:PriorityLevelConfiguration`,
  'networking.k8s.io/v1': `ingresses:Ingress ingressclasses*:IngressClass ipaddresses*:IPAddress
    networkpolicies:NetworkPolicy servicecidrs*:ServiceCIDR`,
  'node.k8s.io/v1': 'runtimeclasses*:RuntimeClass',
  'policy/v1': 'poddisruptionbudgets:PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1': `clusterrolebindings*:ClusterRoleBinding clusterroles*:ClusterRole
    rolebindings:RoleBinding roles:Role`,
  'resource.k8s.io/v1': `deviceclasses*:DeviceClass resourceclaims:ResourceClaim
    resourceclaimtemplates:ResourceClaimTemplate resourceslices*:ResourceSlice`,
  'scheduling.k8s.io/v1': 'priorityclasses*:PriorityClass',
  'storage.k8s.io/v1': `csidrivers*:CSIDriver csinodes*:CSINode csistoragecapacities:CSIStorageCapacity
    storageclasses*:StorageClass volumeattachments*:VolumeAttachment
    volumeattributesclasses*:VolumeAttributesClass`,
};

const table = new Map<string, Resource>();
for (const [groupVersion, line] of Object.entries(builtIns)) {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  for (const entry of line.split(/\s+/)) {
    const [plural, kind] = entry.split(':') as [string, string];
    const resource = plural.replace('*', '');
    const name = group === '' ? resource : `${resource}.${group}`;
    table.set(name, { group: group!, version: version!, resource, kind, namespaced: !plural.endsWith('*') });
  }
}

/** `pods`, `deployments.apps`, …: all that a client knows by itself. */
export const builtInResources: ReadonlyMap<string, Resource> = table;

/** Splits `deployments.apps` into its plural and group; a name without a dot is of the core group. */
export function splitResourceName(name: string): { resource: string; group: string } {
  const dot = name.indexOf('.');
  return dot === -1 ? { resource: name, group: '' } : { resource: name.slice(0, dot), group: name.slice(dot + 1) };
}

/** `/api/v1` or `/apis/apps/v1`. */
export const groupPath = ({ group, version }: { group: string; version: string }): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

/** The path of a collection or, with a name, of an object or its subresource. */
export function pathOf(
  resource: Resource,
  { namespace, name, subresource }: { namespace?: string; name?: string; subresource?: string },
): string {
  const parts = [groupPath(resource)];
  if (resource.namespaced && namespace) parts.push('namespaces', encodeURIComponent(namespace));
  parts.push(resource.resource);
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource) parts.push(subresource);
  return parts.join('/');
}
