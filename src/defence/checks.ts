import { approveCertificates } from './cluster/checks/approve-certificates.ts';
import { bootstrapToken } from './cluster/checks/bootstrap-token.ts';
import { broadSubjects } from './cluster/checks/broad-subjects.ts';
import { changeNamespaces } from './cluster/checks/change-namespaces.ts';
import { changeWebhooks } from './cluster/checks/change-webhooks.ts';
import { clusterAdmin } from './cluster/checks/cluster-admin.ts';
import { createPods } from './cluster/checks/create-pods.ts';
import { createTokens } from './cluster/checks/create-tokens.ts';
import { createVolumes } from './cluster/checks/create-volumes.ts';
import { defaultNamespace } from './cluster/checks/default-namespace.ts';
import { defaultServiceAccount } from './cluster/checks/default-service-account.ts';
import { disruptionBudget } from './cluster/checks/disruption-budget.ts';
import { escalate } from './cluster/checks/escalate.ts';
import { execPods } from './cluster/checks/exec-pods.ts';
import { imageDigest } from './cluster/checks/image-digest.ts';
import { imageTag } from './cluster/checks/image-tag.ts';
import { memoryLimits } from './cluster/checks/memory-limits.ts';
import { namespacePodSecurity } from './cluster/checks/namespace-pod-security.ts';
import { namespaceQuota } from './cluster/checks/namespace-quota.ts';
import { nodeProxy } from './cluster/checks/node-proxy.ts';
import { podSecurity } from './cluster/checks/pod-security.ts';
import { probes } from './cluster/checks/probes.ts';
import { readSecrets } from './cluster/checks/read-secrets.ts';
import { removedApi } from './cluster/checks/removed-api.ts';
import { resourceRequests } from './cluster/checks/resource-requests.ts';
import { secretInConfigMap } from './cluster/checks/secret-in-config-map.ts';
import { secretInEnvironment } from './cluster/checks/secret-in-environment.ts';
import { sensitiveHostPath } from './cluster/checks/sensitive-host-path.ts';
import { serviceAccountToken } from './cluster/checks/service-account-token.ts';
import { tokenSecret } from './cluster/checks/token-secret.ts';
import { wildcards } from './cluster/checks/wildcards.ts';
import type { Check } from './contract.ts';
import { externalAddresses } from './perimeter/checks/external-addresses.ts';
import { gatewayTls } from './perimeter/checks/gateway-tls.ts';
import { hostNetwork } from './perimeter/checks/host-network.ts';
import { ingressTls } from './perimeter/checks/ingress-tls.ts';
import { loadBalancer } from './perimeter/checks/load-balancer.ts';
import { networkPolicyMissing } from './perimeter/checks/network-policy-missing.ts';
import { networkPolicyOpen } from './perimeter/checks/network-policy-open.ts';
import { nodePort } from './perimeter/checks/node-port.ts';

/** Every check, in the order of docs/checks.md and of reports. */
export const checks: Check[] = [
  externalAddresses,
  gatewayTls,
  hostNetwork,
  ingressTls,
  loadBalancer,
  networkPolicyMissing,
  networkPolicyOpen,
  nodePort,
  approveCertificates,
  bootstrapToken,
  broadSubjects,
  changeNamespaces,
  changeWebhooks,
  clusterAdmin,
  createPods,
  createTokens,
  createVolumes,
  defaultNamespace,
  defaultServiceAccount,
  disruptionBudget,
  escalate,
  execPods,
  imageDigest,
  imageTag,
  memoryLimits,
  namespacePodSecurity,
  namespaceQuota,
  nodeProxy,
  ...podSecurity,
  probes,
  readSecrets,
  removedApi,
  resourceRequests,
  secretInConfigMap,
  secretInEnvironment,
  sensitiveHostPath,
  serviceAccountToken,
  tokenSecret,
  wildcards,
];
