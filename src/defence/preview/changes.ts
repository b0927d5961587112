import { anonymousAccess } from './changes/anonymous-access.ts';
import { clientAllowList } from './changes/client-allow-list.ts';
import { externalAddresses } from './changes/external-addresses.ts';
import { limitRange } from './changes/limit-range.ts';
import { mutatingAdmissionPolicy } from './changes/mutating-admission-policy.ts';
import { network } from './changes/network.ts';
import { podSecurity } from './changes/pod-security.ts';
import { references } from './changes/references.ts';
import { resourceQuota } from './changes/resource-quota.ts';
import { roles } from './changes/roles.ts';
import { seccomp } from './changes/seccomp.ts';
import { service } from './changes/service.ts';
import { serviceAccount } from './changes/service-account.ts';
import { validatingAdmissionPolicy } from './changes/validating-admission-policy.ts';
import { workload } from './changes/workload.ts';
import type { Previewer } from './scope.ts';

/** Every kind of change that can be previewed; docs/recipes/preview-a-change.md says how to add one. */
export const previewers: Previewer[] = [
  ...[network, service, workload, podSecurity, limitRange, resourceQuota, references],
  ...[
    validatingAdmissionPolicy,
    mutatingAdmissionPolicy,
    roles,
    serviceAccount,
    anonymousAccess,
    clientAllowList,
    seccomp,
    externalAddresses,
  ],
];
