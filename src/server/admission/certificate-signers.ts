import type { KubernetesObject } from '../../api/object.ts';
import { badRequest } from '../../api/status.ts';
import { type CertificateRequest, readCertificateRequest } from '../../foundation/x509/certificate-request.ts';
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from '../contracts.ts';
import { concerns, refusal } from './about.ts';

const csr = 'certificatesigningrequests.certificates.k8s.io';

/** Who asks for a certificate is what the server knows, not what the request says; and a request does not change. */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  mutate(request) {
    const { object, oldObject: old, user } = request;
    if (object === undefined || old?.['spec'] === undefined) {
      if (!concerns(request, 'CREATE', csr) || object?.['spec'] === undefined) return;
      const { username, uid, groups, extra } = user;
      Object.assign(object['spec'], { username, groups: [...groups] });
      for (const [key, value] of Object.entries({ uid, extra })) {
        if (value === undefined) delete object['spec'][key];
        else object['spec'][key] = structuredClone(value);
      }
    } else if (`${request.kind.resource}.${request.kind.group}` === csr) object['spec'] = structuredClone(old['spec']);
  },
};

/** May the user do this for the signer, by its name or for its whole domain (`example.com/*`)? */
function maySign(authorize: Authorizer, request: AdmissionRequest, verb: string, signer: string): boolean {
  const asked = { user: request.user, verb, group: 'certificates.k8s.io', version: 'v1', resource: 'signers' };
  return [signer, `${signer.split('/', 1)[0]}/*`].some(
    (name) => authorize({ ...asked, subresource: '', namespace: '', name }).allowed,
  );
}

/** Approving a request for a certificate needs the verb `approve` on its signer. */
export const certificateApproval = (authorize: Authorizer): AdmissionPlugin => ({
  name: 'CertificateApproval',
  validate(request) {
    if (!concerns(request, 'UPDATE', `${csr}/approval`)) return;
    const signer: string = request.oldObject?.['spec']?.signerName ?? '';
    if (!maySign(authorize, request, 'approve', signer))
      throw refusal(request, `user not permitted to approve requests with signerName "${signer}"`);
  },
});

/** Writing a certificate, or that it failed, needs the verb `sign` on the signer. */
export const certificateSigning = (authorize: Authorizer): AdmissionPlugin => ({
  name: 'CertificateSigning',
  validate(request) {
    if (!concerns(request, 'UPDATE', `${csr}/status`)) return;
    const { object, oldObject: old } = request;
    if (decisionsOf(object) !== decisionsOf(old))
      throw refusal(request, 'conditions Approved and Denied are written through the subresource approval');
    const failed = (value: typeof object) =>
      (value?.['status']?.conditions ?? []).some(({ type }: { type: string }) => type === 'Failed');
    if (object?.['status']?.certificate === old?.['status']?.certificate && failed(object) === failed(old)) return;
    const signer: string = old?.['spec']?.signerName ?? '';
    if (!maySign(authorize, request, 'sign', signer))
      throw refusal(request, `user not permitted to sign requests with signerName "${signer}"`);
  },
});

/** The conditions that approve or deny, comparable. */
const decisionsOf = (value: KubernetesObject | undefined): string =>
  JSON.stringify(
    (value?.['status']?.conditions ?? []).filter(
      ({ type }: { type: string }) => type === 'Approved' || type === 'Denied',
    ),
  );

/** Nobody gets a client certificate of a group that is past every role. */
export const certificateSubject: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate(request) {
    if (!concerns(request, 'CREATE', csr)) return;
    const spec = request.object?.['spec'];
    if (spec?.signerName !== 'kubernetes.io/kube-apiserver-client') return;
    if (readRequest(spec.request).organizations.includes('system:masters'))
      throw refusal(
        request,
        'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      );
  },
};

function readRequest(encoded: unknown): CertificateRequest {
  try {
    return readCertificateRequest(Buffer.from(String(encoded), 'base64').toString());
  } catch (cause) {
    throw badRequest(`spec.request cannot be read: ${(cause as Error).message}`, cause);
  }
}
