import type { Kind } from './kind.ts';
import { apiVersionOf } from './kind.ts';
import {
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
} from './kinds/admission-policy.ts';
import { apiService } from './kinds/api-service.ts';
import { binding } from './kinds/binding.ts';
import { certificateSigningRequest } from './kinds/certificate-signing-request.ts';
import { clusterRole } from './kinds/cluster-role.ts';
import { clusterRoleBinding } from './kinds/cluster-role-binding.ts';
import { componentStatus } from './kinds/component-status.ts';
import { configMap } from './kinds/config-map.ts';
import { controllerRevision } from './kinds/controller-revision.ts';
import { cronJob } from './kinds/cron-job.ts';
import { csiDriver } from './kinds/csi-driver.ts';
import { csiNode } from './kinds/csi-node.ts';
import { csiStorageCapacity } from './kinds/csi-storage-capacity.ts';
import { customResourceDefinition } from './kinds/custom-resource-definition.ts';
import { daemonSet } from './kinds/daemon-set.ts';
import { deployment } from './kinds/deployment.ts';
import { deviceClass } from './kinds/device-class.ts';
import { endpointSlice } from './kinds/endpoint-slice.ts';
import { endpoints } from './kinds/endpoints.ts';
import { event, eventsEvent } from './kinds/event.ts';
import { flowSchema } from './kinds/flow-schema.ts';
import { horizontalPodAutoscaler, horizontalPodAutoscalerV1 } from './kinds/horizontal-pod-autoscaler.ts';
import { ingress } from './kinds/ingress.ts';
import { ingressClass } from './kinds/ingress-class.ts';
import { ipAddress } from './kinds/ip-address.ts';
import { job } from './kinds/job.ts';
import { lease } from './kinds/lease.ts';
import { limitRange } from './kinds/limit-range.ts';
import { namespace } from './kinds/namespace.ts';
import { networkPolicy } from './kinds/network-policy.ts';
import { node } from './kinds/node.ts';
import { persistentVolume } from './kinds/persistent-volume.ts';
import { persistentVolumeClaim } from './kinds/persistent-volume-claim.ts';
import { pod } from './kinds/pod.ts';
import { podDisruptionBudget } from './kinds/pod-disruption-budget.ts';
import { podTemplate } from './kinds/pod-template.ts';
import { priorityClass } from './kinds/priority-class.ts';
import { priorityLevelConfiguration } from './kinds/priority-level-configuration.ts';
import { protection } from './kinds/protection.ts';
import { replicaSet } from './kinds/replica-set.ts';
import { replicationController } from './kinds/replication-controller.ts';
import { resourceClaim } from './kinds/resource-claim.ts';
import { resourceClaimTemplate } from './kinds/resource-claim-template.ts';
import { resourceQuota } from './kinds/resource-quota.ts';
import { resourceSlice } from './kinds/resource-slice.ts';
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from './kinds/reviews.ts';
import { role } from './kinds/role.ts';
import { roleBinding } from './kinds/role-binding.ts';
import { runtimeClass } from './kinds/runtime-class.ts';
import { secret } from './kinds/secret.ts';
import { service } from './kinds/service.ts';
import { serviceAccount } from './kinds/service-account.ts';
import { serviceCidr } from './kinds/service-cidr.ts';
import { statefulSet } from './kinds/stateful-set.ts';
import { storageClass } from './kinds/storage-class.ts';
import { volumeAttachment } from './kinds/volume-attachment.ts';
import { volumeAttributesClass } from './kinds/volume-attributes-class.ts';
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from './kinds/webhook-configuration.ts';

/** Every built-in kind, in the order of groups and kinds that discovery shows. */
export const kinds: Kind[] = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  event,
  limitRange,
  namespace,
  node,
  persistentVolumeClaim,
  persistentVolume,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  serviceAccount,
  service,
  apiService,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
  eventsEvent,
  selfSubjectReview,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  cronJob,
  job,
  certificateSigningRequest,
  ingressClass,
  ingress,
  ipAddress,
  networkPolicy,
  serviceCidr,
  podDisruptionBudget,
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
  mutatingWebhookConfiguration,
  validatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  customResourceDefinition,
  priorityClass,
  lease,
  runtimeClass,
  endpointSlice,
  flowSchema,
  priorityLevelConfiguration,
  deviceClass,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
  protection,
];

const byName = new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind]));

/** The built-in kind of an object: `kindOf('apps/v1', 'Deployment')`. */
export const kindOf = (apiVersion: string, kind: string): Kind | undefined => byName.get(`${apiVersion}/${kind}`);
