import { accountAutomount } from './cluster/checks/account-automount.ts';
import { adminEverywhere } from './cluster/checks/admin-everywhere.ts';
import { aggregation } from './cluster/checks/aggregation.ts';
import { allPowerful } from './cluster/checks/all-powerful.ts';
import { approveCertificates } from './cluster/checks/approve-certificates.ts';
import { barePod } from './cluster/checks/bare-pod.ts';
import { bootstrapToken } from './cluster/checks/bootstrap-token.ts';
import { broadSubjects } from './cluster/checks/broad-subjects.ts';
import { certificateRequestPending } from './cluster/checks/certificate-request-pending.ts';
import { changeNamespaces } from './cluster/checks/change-namespaces.ts';
import { changeNetworkPolicies } from './cluster/checks/change-network-policies.ts';
import { changeNodes } from './cluster/checks/change-nodes.ts';
import { changeWebhooks } from './cluster/checks/change-webhooks.ts';
import { clusterAdmin } from './cluster/checks/cluster-admin.ts';
import { componentRole } from './cluster/checks/component-role.ts';
import { controlPlaneToleration } from './cluster/checks/control-plane-toleration.ts';
import { createPods } from './cluster/checks/create-pods.ts';
import { createTokens } from './cluster/checks/create-tokens.ts';
import { createVolumes } from './cluster/checks/create-volumes.ts';
import { danglingBinding } from './cluster/checks/dangling-binding.ts';
import { defaultNamespace } from './cluster/checks/default-namespace.ts';
import { defaultServiceAccount } from './cluster/checks/default-service-account.ts';
import { disruptionBudget } from './cluster/checks/disruption-budget.ts';
import { disruptionBudgetMissing } from './cluster/checks/disruption-budget-missing.ts';
import { ephemeralStorage } from './cluster/checks/ephemeral-storage.ts';
import { escalate } from './cluster/checks/escalate.ts';
import { execPods } from './cluster/checks/exec-pods.ts';
import { gracePeriod } from './cluster/checks/grace-period.ts';
import { hostKernel } from './cluster/checks/host-kernel.ts';
import { hostPathVolume } from './cluster/checks/host-path-volume.ts';
import { hostRuntime } from './cluster/checks/host-runtime.ts';
import { imageDigest } from './cluster/checks/image-digest.ts';
import { imageTag } from './cluster/checks/image-tag.ts';
import { insecureApiService } from './cluster/checks/insecure-api-service.ts';
import { memoryLimitOverNode } from './cluster/checks/memory-limit-over-node.ts';
import { memoryLimits } from './cluster/checks/memory-limits.ts';
import { namespaceIsolation } from './cluster/checks/namespace-isolation.ts';
import { namespaceLaxerWarnings } from './cluster/checks/namespace-laxer-warnings.ts';
import { namespaceLimitRange } from './cluster/checks/namespace-limit-range.ts';
import { namespacePodSecurity } from './cluster/checks/namespace-pod-security.ts';
import { namespaceQuota } from './cluster/checks/namespace-quota.ts';
import { nodeName } from './cluster/checks/node-name.ts';
import { nodeProxy } from './cluster/checks/node-proxy.ts';
import { podSecurity } from './cluster/checks/pod-security.ts';
import { policyWithoutEffect } from './cluster/checks/policy-without-effect.ts';
import { probes } from './cluster/checks/probes.ts';
import { proxyToPods } from './cluster/checks/proxy-to-pods.ts';
import { readOnlyRoot } from './cluster/checks/read-only-root.ts';
import { readSecrets } from './cluster/checks/read-secrets.ts';
import { removedApi } from './cluster/checks/removed-api.ts';
import { resourceRequests } from './cluster/checks/resource-requests.ts';
import { secretAsVariable } from './cluster/checks/secret-as-variable.ts';
import { secretInArguments } from './cluster/checks/secret-in-arguments.ts';
import { secretInConfigMap } from './cluster/checks/secret-in-config-map.ts';
import { secretInEnvironment } from './cluster/checks/secret-in-environment.ts';
import { sensitiveHostPath } from './cluster/checks/sensitive-host-path.ts';
import { serviceAccountToken } from './cluster/checks/service-account-token.ts';
import { serviceLinks } from './cluster/checks/service-links.ts';
import { sharedProcesses } from './cluster/checks/shared-processes.ts';
import { systemPriority } from './cluster/checks/system-priority.ts';
import { tokenLifetime } from './cluster/checks/token-lifetime.ts';
import { tokenSecret } from './cluster/checks/token-secret.ts';
import { webhookDeadlock } from './cluster/checks/webhook-deadlock.ts';
import { webhookFailsOpen } from './cluster/checks/webhook-fails-open.ts';
import { webhookOutside } from './cluster/checks/webhook-outside.ts';
import { webhookTimeout } from './cluster/checks/webhook-timeout.ts';
import { wildcards } from './cluster/checks/wildcards.ts';
import { writableHostPath } from './cluster/checks/writable-host-path.ts';
import type { Check } from './contract.ts';
import { externalAddresses } from './perimeter/checks/external-addresses.ts';
import { gatewayTls } from './perimeter/checks/gateway-tls.ts';
import { hostNetwork } from './perimeter/checks/host-network.ts';
import { ingressAnyHost } from './perimeter/checks/ingress-any-host.ts';
import { ingressSnippets } from './perimeter/checks/ingress-snippets.ts';
import { ingressTls } from './perimeter/checks/ingress-tls.ts';
import { loadBalancer } from './perimeter/checks/load-balancer.ts';
import { networkPolicyEgress } from './perimeter/checks/network-policy-egress.ts';
import { networkPolicyMissing } from './perimeter/checks/network-policy-missing.ts';
import { networkPolicyOpen } from './perimeter/checks/network-policy-open.ts';
import { networkPolicyWithoutPods } from './perimeter/checks/network-policy-without-pods.ts';
import { nodePort } from './perimeter/checks/node-port.ts';

/** Every check, in the order of docs/checks.md and of reports. */
export const checks: Check[] = [
  externalAddresses,
  gatewayTls,
  hostNetwork,
  ingressAnyHost,
  ingressSnippets,
  ingressTls,
  loadBalancer,
  networkPolicyEgress,
  networkPolicyMissing,
  networkPolicyOpen,
  networkPolicyWithoutPods,
  nodePort,
  accountAutomount,
  adminEverywhere,
  aggregation,
  allPowerful,
  approveCertificates,
  barePod,
  bootstrapToken,
  broadSubjects,
  certificateRequestPending,
  changeNamespaces,
  changeNetworkPolicies,
  changeNodes,
  changeWebhooks,
  clusterAdmin,
  componentRole,
  controlPlaneToleration,
  createPods,
  createTokens,
  createVolumes,
  danglingBinding,
  defaultNamespace,
  defaultServiceAccount,
  disruptionBudget,
  disruptionBudgetMissing,
  ephemeralStorage,
  escalate,
  execPods,
  gracePeriod,
  hostKernel,
  hostPathVolume,
  hostRuntime,
  imageDigest,
  imageTag,
  insecureApiService,
  memoryLimitOverNode,
  memoryLimits,
  namespaceIsolation,
  namespaceLaxerWarnings,
  namespaceLimitRange,
  namespacePodSecurity,
  namespaceQuota,
  nodeName,
  nodeProxy,
  ...podSecurity,
  policyWithoutEffect,
  probes,
  proxyToPods,
  readOnlyRoot,
  readSecrets,
  removedApi,
  resourceRequests,
  secretAsVariable,
  secretInArguments,
  secretInConfigMap,
  secretInEnvironment,
  sensitiveHostPath,
  serviceAccountToken,
  serviceLinks,
  sharedProcesses,
  systemPriority,
  tokenLifetime,
  tokenSecret,
  webhookDeadlock,
  webhookFailsOpen,
  webhookOutside,
  webhookTimeout,
  wildcards,
  writableHostPath,
];
