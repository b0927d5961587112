import type { Controller } from '../reconcile/controller.ts';
import {
  certificateApprovalController,
  certificateRequestCleaner,
  certificateSigningController,
  type Sign,
} from './certificate-requests.ts';
import { claimBinder } from './claim-binder.ts';
import { claimProtectionController } from './claim-protection.ts';
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import { cronJobController } from './cron-job.ts';
import { daemonSetController } from './daemon-set.ts';
import { deploymentController } from './deployment.ts';
import { disruptionController } from './disruption.ts';
import { endpointSliceController } from './endpoint-slice.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { endpointsController } from './endpoints.ts';
import { ephemeralVolumeController } from './ephemeral-volume.ts';
import { garbageCollector } from './garbage-collector.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { jobController } from './job.ts';
import { localPathController, localPathProvisioner, localPathReleaseController } from './local-path.ts';
import { namespaceController } from './namespace.ts';
import { nodeAddressRangeController } from './node-address-range.ts';
import { nodeLifecycleController } from './node-lifecycle.ts';
import { podGarbageCollector } from './pod-garbage-collector.ts';
import { replicaSetController, replicationController } from './replica-set.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { rootCaController } from './root-ca.ts';
import { serviceAccountController } from './service-account.ts';
import { statefulSetController } from './stateful-set.ts';
import { taintEvictionController } from './taint-eviction.ts';
import { ttlAfterFinishedController } from './ttl-after-finished.ts';
import { validatingAdmissionPolicyStatusController } from './validating-admission-policy-status.ts';
import { volumeReclaimController } from './volume-reclaim.ts';

export type ControllerOptions = {
  /** The certificate authority of the API server, PEM: pods verify the server with it. */
  authority: string;
  /** Where on each node the directories of local-path volumes are. */
  volumesDirectory: string;
  /** All pod addresses; each node gets a /24 of them. */
  podRange: string;
  /** Signs certificate requests that were approved. */
  sign: Sign;
};

/** Every controller there is. Their order means nothing: each reacts to the API alone. */
export const createControllers = (options: ControllerOptions): Controller[] => [
  deploymentController(),
  replicaSetController(),
  replicationController(),
  statefulSetController(),
  daemonSetController(),
  jobController(),
  ttlAfterFinishedController(),
  cronJobController(),
  endpointSliceController(),
  endpointSliceMirroringController(),
  endpointsController(),
  serviceAccountController(),
  rootCaController(() => options.authority),
  namespaceController(),
  garbageCollector(),
  nodeLifecycleController(),
  nodeAddressRangeController(options.podRange),
  taintEvictionController(),
  podGarbageCollector(),
  disruptionController(),
  resourceQuotaController(),
  horizontalPodAutoscaler(),
  clusterRoleAggregationController(),
  validatingAdmissionPolicyStatusController(),
  certificateApprovalController(),
  certificateSigningController(options.sign),
  certificateRequestCleaner(),
  claimBinder(),
  volumeReclaimController(localPathProvisioner),
  claimProtectionController(),
  ephemeralVolumeController(),
  localPathController(options.volumesDirectory),
  localPathReleaseController(),
];
