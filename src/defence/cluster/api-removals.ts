type Removal = {
  apiVersion: string;
  /** Undefined: every kind of that version. */
  kinds?: string[];
  deprecatedIn: number;
  removedIn: number;
  /** Undefined: nothing replaces it. */
  instead?: string;
  /** What replaces it has the same fields, and each means the same. */
  same?: true;
};

/**
 * What a minor version of Kubernetes 1 stopped to serve, or will. Sources:
 * https://kubernetes.io/docs/reference/using-api/deprecation-guide/ and, for versions of features that are off unless
 * somebody switches them on, the life cycle that k8s.io/api 0.36 gives each kind.
 */
const removals: Removal[] = [
  {
    apiVersion: 'extensions/v1beta1',
    kinds: ['NetworkPolicy'],
    deprecatedIn: 9,
    removedIn: 16,
    instead: 'networking.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'extensions/v1beta1',
    kinds: ['PodSecurityPolicy'],
    deprecatedIn: 10,
    removedIn: 16,
    instead: 'policy/v1beta1',
  },
  {
    apiVersion: 'extensions/v1beta1',
    kinds: ['DaemonSet', 'Deployment', 'ReplicaSet'],
    deprecatedIn: 9,
    removedIn: 16,
    instead: 'apps/v1',
  },
  { apiVersion: 'apps/v1beta1', deprecatedIn: 9, removedIn: 16, instead: 'apps/v1' },
  { apiVersion: 'apps/v1beta2', deprecatedIn: 9, removedIn: 16, instead: 'apps/v1' },
  {
    apiVersion: 'extensions/v1beta1',
    kinds: ['Ingress'],
    deprecatedIn: 14,
    removedIn: 22,
    instead: 'networking.k8s.io/v1',
  },
  {
    apiVersion: 'networking.k8s.io/v1beta1',
    kinds: ['Ingress'],
    deprecatedIn: 19,
    removedIn: 22,
    instead: 'networking.k8s.io/v1',
  },
  {
    apiVersion: 'networking.k8s.io/v1beta1',
    kinds: ['IngressClass'],
    deprecatedIn: 19,
    removedIn: 22,
    instead: 'networking.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kinds: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
    deprecatedIn: 16,
    removedIn: 22,
    instead: 'admissionregistration.k8s.io/v1',
  },
  { apiVersion: 'apiextensions.k8s.io/v1beta1', deprecatedIn: 16, removedIn: 22, instead: 'apiextensions.k8s.io/v1' },
  {
    apiVersion: 'apiregistration.k8s.io/v1beta1',
    deprecatedIn: 19,
    removedIn: 22,
    instead: 'apiregistration.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'authentication.k8s.io/v1beta1',
    kinds: ['TokenReview'],
    deprecatedIn: 19,
    removedIn: 22,
    instead: 'authentication.k8s.io/v1',
  },
  { apiVersion: 'authorization.k8s.io/v1beta1', deprecatedIn: 19, removedIn: 22, instead: 'authorization.k8s.io/v1' },
  {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kinds: ['CertificateSigningRequest'],
    deprecatedIn: 19,
    removedIn: 22,
    instead: 'certificates.k8s.io/v1',
  },
  {
    apiVersion: 'coordination.k8s.io/v1beta1',
    kinds: ['Lease'],
    deprecatedIn: 19,
    removedIn: 22,
    instead: 'coordination.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1beta1',
    deprecatedIn: 17,
    removedIn: 22,
    instead: 'rbac.authorization.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'scheduling.k8s.io/v1beta1',
    deprecatedIn: 14,
    removedIn: 22,
    instead: 'scheduling.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'storage.k8s.io/v1beta1',
    kinds: ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment'],
    deprecatedIn: 19,
    removedIn: 22,
    instead: 'storage.k8s.io/v1',
    same: true,
  },
  { apiVersion: 'batch/v1beta1', kinds: ['CronJob'], deprecatedIn: 21, removedIn: 25, instead: 'batch/v1', same: true },
  {
    apiVersion: 'discovery.k8s.io/v1beta1',
    kinds: ['EndpointSlice'],
    deprecatedIn: 21,
    removedIn: 25,
    instead: 'discovery.k8s.io/v1',
  },
  {
    apiVersion: 'events.k8s.io/v1beta1',
    kinds: ['Event'],
    deprecatedIn: 19,
    removedIn: 25,
    instead: 'events.k8s.io/v1',
  },
  { apiVersion: 'autoscaling/v2beta1', deprecatedIn: 22, removedIn: 25, instead: 'autoscaling/v2' },
  {
    apiVersion: 'policy/v1beta1',
    kinds: ['PodDisruptionBudget'],
    deprecatedIn: 21,
    removedIn: 25,
    instead: 'policy/v1',
  },
  { apiVersion: 'policy/v1beta1', kinds: ['PodSecurityPolicy'], deprecatedIn: 21, removedIn: 25 },
  {
    apiVersion: 'node.k8s.io/v1beta1',
    kinds: ['RuntimeClass'],
    deprecatedIn: 20,
    removedIn: 25,
    instead: 'node.k8s.io/v1',
    same: true,
  },
  { apiVersion: 'autoscaling/v2beta2', deprecatedIn: 23, removedIn: 26, instead: 'autoscaling/v2', same: true },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1beta1',
    deprecatedIn: 23,
    removedIn: 26,
    instead: 'flowcontrol.apiserver.k8s.io/v1',
  },
  {
    apiVersion: 'storage.k8s.io/v1beta1',
    kinds: ['CSIStorageCapacity'],
    deprecatedIn: 24,
    removedIn: 27,
    instead: 'storage.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1beta2',
    deprecatedIn: 26,
    removedIn: 29,
    instead: 'flowcontrol.apiserver.k8s.io/v1',
  },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1beta3',
    deprecatedIn: 29,
    removedIn: 32,
    instead: 'flowcontrol.apiserver.k8s.io/v1',
  },
  {
    apiVersion: 'authentication.k8s.io/v1alpha1',
    kinds: ['SelfSubjectReview'],
    deprecatedIn: 29,
    removedIn: 32,
    instead: 'authentication.k8s.io/v1',
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1alpha1',
    kinds: ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
    deprecatedIn: 29,
    removedIn: 32,
    instead: 'admissionregistration.k8s.io/v1',
  },
  {
    apiVersion: 'authentication.k8s.io/v1beta1',
    kinds: ['SelfSubjectReview'],
    deprecatedIn: 30,
    removedIn: 33,
    instead: 'authentication.k8s.io/v1',
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kinds: ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
    deprecatedIn: 31,
    removedIn: 34,
    instead: 'admissionregistration.k8s.io/v1',
  },
  {
    apiVersion: 'storage.k8s.io/v1alpha1',
    kinds: ['VolumeAttributesClass'],
    deprecatedIn: 32,
    removedIn: 35,
    instead: 'storage.k8s.io/v1',
  },
  {
    apiVersion: 'certificates.k8s.io/v1alpha1',
    kinds: ['ClusterTrustBundle'],
    deprecatedIn: 34,
    removedIn: 37,
    instead: 'certificates.k8s.io/v1beta1',
  },
  {
    apiVersion: 'networking.k8s.io/v1beta1',
    kinds: ['IPAddress', 'ServiceCIDR'],
    deprecatedIn: 34,
    removedIn: 37,
    instead: 'networking.k8s.io/v1',
    same: true,
  },
  {
    apiVersion: 'storage.k8s.io/v1beta1',
    kinds: ['VolumeAttributesClass'],
    deprecatedIn: 34,
    removedIn: 37,
    instead: 'storage.k8s.io/v1',
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1alpha1',
    kinds: ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'],
    deprecatedIn: 35,
    removedIn: 38,
    instead: 'admissionregistration.k8s.io/v1',
  },
  {
    apiVersion: 'coordination.k8s.io/v1alpha2',
    kinds: ['LeaseCandidate'],
    deprecatedIn: 35,
    removedIn: 38,
    instead: 'coordination.k8s.io/v1beta1',
  },
  {
    apiVersion: 'resource.k8s.io/v1beta1',
    kinds: ['DeviceClass', 'ResourceClaim', 'ResourceClaimTemplate', 'ResourceSlice'],
    deprecatedIn: 35,
    removedIn: 38,
    instead: 'resource.k8s.io/v1',
  },
  {
    apiVersion: 'resource.k8s.io/v1beta2',
    kinds: ['DeviceClass', 'ResourceClaim', 'ResourceClaimTemplate', 'ResourceSlice'],
    deprecatedIn: 36,
    removedIn: 39,
    instead: 'resource.k8s.io/v1',
  },
  {
    apiVersion: 'resource.k8s.io/v1alpha3',
    kinds: ['DeviceTaintRule'],
    deprecatedIn: 36,
    removedIn: 39,
    instead: 'resource.k8s.io/v1beta2',
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kinds: ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'],
    deprecatedIn: 37,
    removedIn: 40,
    instead: 'admissionregistration.k8s.io/v1',
  },
];

/** Whether an API was, or will be, removed. */
export const removalOf = (apiVersion: string, kind: string): Removal | undefined =>
  removals.find((row) => row.apiVersion === apiVersion && (row.kinds?.includes(kind) ?? true));
