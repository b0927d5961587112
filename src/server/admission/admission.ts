import type { Clock } from '../../foundation/clock.ts';
import type { Authorization } from '../authorization/authorization.ts';
import type { AdmissionPlugin, Authorizer, ModeOf } from '../contracts.ts';
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubject,
} from './certificate-signers.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { denyServiceExternalIPs } from './deny-external-ips.ts';
import { eventRateLimit } from './event-rate-limit.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { limitRanger } from './limit-ranger.ts';
import { mutatingAdmissionPolicy } from './mutating-admission-policy.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { notInForce } from './not-in-force.ts';
import { ownerReferences } from './owner-references.ts';
import { podSecurity } from './pod-security.ts';
import { policyParamRights } from './policy-param-rights.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { roleEscalation } from './role-escalation.ts';
import { runtimeClass } from './runtime-class.ts';
import { secureDefaults } from './secure-defaults.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUse } from './storage-object-in-use.ts';
import { taintNodes } from './taint-nodes.ts';
import { validatingAdmissionPolicy } from './validating-admission-policy.ts';
import { volumeRemoval } from './volume-removal.ts';

export type AdmissionSettings = {
  authorization: Authorization;
  clock: Clock;
  modeOf: ModeOf;
  /** Of the cluster around the server; they judge last, before what is used is counted. */
  plugins(authorize: Authorizer): AdmissionPlugin[];
};

/** Where pod security does not count: the cluster's own. */
const exemptNamespaces = ['kube-system'];

/** Every admission plugin, in order: first all that change the object, then all that judge it. */
export function admissionPlugins(settings: AdmissionSettings): AdmissionPlugin[] {
  const { authorization, clock, modeOf } = settings;
  const { authorize } = authorization;
  return [
    namespaceLifecycle,
    limitRanger,
    serviceAccount,
    secureDefaults(modeOf),
    nodeRestriction,
    volumeRemoval,
    taintNodes,
    priority,
    runtimeClass,
    defaultTolerationSeconds,
    extendedResourceToleration,
    podSecurity({ modeOf, exemptNamespaces }),
    eventRateLimit(clock),
    defaultStorageClass,
    storageObjectInUse,
    defaultIngressClass,
    ownerReferences(authorize),
    roleEscalation(authorization),
    certificateRequester,
    certificateApproval(authorize),
    certificateSigning(authorize),
    certificateSubject,
    policyParamRights(authorize),
    denyServiceExternalIPs(modeOf),
    notInForce,
    ...settings.plugins(authorize),
    // the users' own rules, after all of ours
    mutatingAdmissionPolicy(authorize, clock),
    validatingAdmissionPolicy(authorize, clock),
    // last: what any other plugin refuses uses nothing
    resourceQuota(clock),
  ];
}
