import { type Check, failOn, type Manifest, notApplicable, pass } from '../../contract.ts';

const dayMs = 24 * 3600 * 1000;
const request = (creationTimestamp: string, conditions: object[] = []): Manifest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'eve', creationTimestamp },
  spec: {
    request: 'LS0t',
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    username: 'eve',
  },
  status: { conditions },
});

export const certificateRequestPending: Check = {
  id: 'certificate-request-pending',
  level: 'cluster',
  severity: 'low',
  title: 'No certificate request waits for days',
  kinds: ['CertificateSigningRequest.certificates.k8s.io'],
  why: 'what nobody expected is approved by the next one who approves all that wait',
  mend: 'deny it with kubectl certificate deny, or find out who asked and approve it',
  benchmark: ['NSA authentication and authorization'],
  examples: {
    pass: [[request('1970-01-01T00:00:00Z')], [request('1969-01-01T00:00:00Z', [{ type: 'Denied', status: 'True' }])]],
    fail: [[request('1969-12-30T00:00:00Z')]],
  },
  judge({ metadata, status, spec }, { takenAtMs }) {
    const madeMs = Date.parse(metadata.creationTimestamp ?? '');
    if (Number.isNaN(madeMs)) return notApplicable;
    if ((status?.conditions ?? []).length > 0 || takenAtMs - madeMs < dayMs) return pass;
    const days = Math.floor((takenAtMs - madeMs) / dayMs);
    const detail = `${spec?.username ?? 'somebody'} asked ${spec?.signerName} ${days} ${days === 1 ? 'day' : 'days'} ago`;
    return failOn([{ field: ['status', 'conditions'], reason: 'nobody answered', detail }]);
  },
};
