import { rightCheck } from '../role-rights.ts';

export const approveCertificates = rightCheck({
  id: 'rbac/approve-certificates',
  severity: 'critical',
  title: 'No role approves certificates',
  why: 'an approved request is a client certificate with any name and group that its signer allows',
  mend: 'leave approval to a controller that is limited to one signer',
  benchmark: ['CIS 5.1.11', 'NSA authentication and authorization'],
  rights: [
    { group: 'certificates.k8s.io', resource: 'certificatesigningrequests/approval', verbs: ['update', 'patch'] },
    { group: 'certificates.k8s.io', resource: 'signers', verbs: ['approve', 'sign'] },
  ],
  clusterOnly: true,
  namedIsFine: true,
});
