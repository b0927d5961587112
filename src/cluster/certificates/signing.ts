import type { KubernetesObject } from '../../api/object.ts';
import { type CertificateRequest, readCertificateRequest } from '../../foundation/x509/certificate-request.ts';
import type { CertificateAuthority } from './authority.ts';

/** `spec` of a certificates.k8s.io/v1 CertificateSigningRequest, as far as signing needs it. */
type RequestSpec = {
  request: string;
  signerName: string;
  usages?: string[];
  expirationSeconds?: number;
  username?: string;
};

/** The signers of the cluster's authority; requests for any other are left to their own signers. */
export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
} as const;

const daySeconds = 24 * 3600;
/** Certificates live a day; who asks for a longer one for a person gets a week at most. */
const lifetimeSeconds = { min: 600, default: daySeconds, max: { node: daySeconds, client: 7 * daySeconds } };

const clientUsages = new Set(['key encipherment', 'digital signature', 'client auth']);
const servingUsages = new Set(['key encipherment', 'digital signature', 'server auth']);

export type Refusal = { refused: string };

/**
 * Signs an approved request: the certificate (PEM), why it is refused, or undefined when the signer is not ours. The
 * rules of each signer: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
 */
export function signRequest(
  csr: KubernetesObject,
  authority: CertificateAuthority,
): { certificate: string } | Refusal | undefined {
  const spec = csr['spec'] as RequestSpec;
  if (!Object.values<string>(signers).includes(spec.signerName)) return undefined;
  const request = read(spec);
  if ('refused' in request) return request;
  const problem = problemOf(spec, request);
  if (problem !== undefined) return { refused: problem };
  const serving = spec.signerName === signers.kubeletServing;
  const certificate = authority.sign(request.publicKey, {
    subject: { commonName: request.commonName, organizations: request.organizations },
    usages: [serving ? 'server' : 'client'],
    lifetimeMs: lifetimeOf(spec) * 1000,
    names: serving ? { dns: request.dns, addresses: request.addresses } : {},
  });
  return { certificate };
}

function read(spec: RequestSpec): CertificateRequest | Refusal {
  try {
    return readCertificateRequest(Buffer.from(spec.request, 'base64').toString());
  } catch (error) {
    return { refused: `the request cannot be read: ${(error as Error).message}` };
  }
}

function problemOf(spec: RequestSpec, request: CertificateRequest): string | undefined {
  const serving = spec.signerName === signers.kubeletServing;
  const allowed = serving ? servingUsages : clientUsages;
  const usages = spec.usages ?? [];
  const extra = usages.filter((usage) => !allowed.has(usage));
  if (extra.length > 0) return `usages ${extra.join(', ')} are not given by ${spec.signerName}`;
  if (!usages.includes(serving ? 'server auth' : 'client auth')) return 'usages lack what the signer is for';
  if (request.commonName === '') return 'the subject names nobody (CN)';
  if (spec.signerName === signers.client)
    return request.organizations.includes('system:masters') ? 'system:masters is not given by request' : undefined;
  return nodeProblem(request, serving);
}

function nodeProblem(request: CertificateRequest, serving: boolean): string | undefined {
  if (!/^system:node:.+/.test(request.commonName)) return 'the subject must be system:node:NAME';
  if (request.organizations.length !== 1 || request.organizations[0] !== 'system:nodes')
    return 'the organization must be system:nodes, alone';
  if (request.emails.length + request.uris.length > 0) return 'email and URI names are not allowed';
  const names = request.dns.length + request.addresses.length;
  if (serving) return names === 0 ? 'at least one DNS name or address is needed' : undefined;
  return names === 0 ? undefined : 'a client certificate has no alternative names';
}

function lifetimeOf({ expirationSeconds = lifetimeSeconds.default, signerName }: RequestSpec): number {
  const max = signerName === signers.client ? lifetimeSeconds.max.client : lifetimeSeconds.max.node;
  return Math.min(Math.max(expirationSeconds, lifetimeSeconds.min), max);
}

/**
 * What is to be asked before a node's request may be approved without a person: whether its requester may `create` this
 * subresource of certificatesigningrequests, and for serving certificates the node object. Undefined: a person decides.
 */
export function approvalQuestion(
  csr: KubernetesObject,
): { subresource: 'nodeclient' | 'selfnodeclient' } | { node: string; names: string[] } | undefined {
  const spec = csr['spec'] as RequestSpec;
  const isClient = spec.signerName === signers.kubeletClient;
  if (!isClient && spec.signerName !== signers.kubeletServing) return undefined;
  const request = read(spec);
  if ('refused' in request || problemOf(spec, request) !== undefined) return undefined;
  const self = spec.username === request.commonName;
  if (isClient) return { subresource: self ? 'selfnodeclient' : 'nodeclient' };
  if (!self) return undefined;
  return { node: request.commonName.slice('system:node:'.length), names: [...request.dns, ...request.addresses] };
}

/** A node may serve under the names and addresses that its Node object shows, nothing else. */
export function mayServeAs(node: KubernetesObject, names: string[]): boolean {
  const own = new Set([node.metadata.name, ...(node['status']?.addresses ?? []).map((item: any) => item.address)]);
  return names.every((name) => own.has(name));
}
