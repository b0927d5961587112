import type { CertificateSigningRequest, Node } from '../api/schema/types.d.ts';
import { type CertificateRequest, readCertificateRequest } from '../foundation/x509/certificate-request.ts';
import { type Condition, isTrue, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { deleteObject, isDeleting, keyOf } from '../reconcile/owned.ts';

const requests = 'certificatesigningrequests.certificates.k8s.io';
const clientSigner = 'kubernetes.io/kube-apiserver-client';
const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
const kubeletServingSigner = 'kubernetes.io/kubelet-serving';
const signers = [clientSigner, kubeletClientSigner, kubeletServingSigner];
const hourMs = 3600_000;
const lifetimeDefaultMs = 24 * hourMs;
/** There is no revocation: what leaks must end by itself. */
const lifetimeMaxMs = 7 * 24 * hourMs;

/** Signs a public key (SubjectPublicKeyInfo, DER) and gives the certificate, PEM. */
export type Sign = (
  publicKey: Uint8Array,
  options: {
    subject: { commonName: string; organizations: string[] };
    usages: ('server' | 'client')[];
    lifetimeMs: number;
    names: { dns: string[]; addresses: string[] };
  },
) => string;

const grant = (verb: string, resourceNames: string[]) => ({
  apiGroups: ['certificates.k8s.io'],
  resources: ['signers'],
  verbs: [verb],
  resourceNames,
});

const readRequest = ({ spec }: CertificateSigningRequest) =>
  readCertificateRequest(Buffer.from(spec.request, 'base64').toString('utf8'));

/** Approves what nodes ask for themselves: a node renewing its own client certificate, or one that may join. */
export const certificateApprovalController = (): Controller => ({
  name: 'certificate-approver',
  reconciles: requests,
  reads: ['nodes'],
  writes: { [`${requests}/approval`]: ['update'], 'subjectaccessreviews.authorization.k8s.io': ['create'] },
  grants: [grant('approve', [kubeletClientSigner])],
  enqueue: {
    // A node that goes makes way for one that joins by its name.
    nodes: ({ metadata }, { cache }) =>
      cache('nodes').get('', metadata.name)
        ? []
        : cache<CertificateSigningRequest>(requests)
            .list()
            .filter((request) => !isDecided(request))
            .map(keyOf),
  },

  async reconcile({ name }, context) {
    const request = context.cache<CertificateSigningRequest>(requests).get('', name);
    if (request === undefined || isDeleting(request) || isDecided(request)) return undefined;
    if (request.spec.signerName !== kubeletClientSigner) return undefined;
    let asked: CertificateRequest;
    try {
      asked = readRequest(request);
    } catch {
      return undefined;
    }
    if (whyNot(request, asked) !== undefined || !(await mayHave(context, request, asked))) return undefined;
    const node = asked.commonName.replace(/^system:node:/, '');
    // A bootstrap token lets nodes join: who has stolen one must not become a node that is there, with all it may read.
    if (request.spec.username !== asked.commonName && context.cache('nodes').get('', node) !== undefined) {
      const text = `Node ${node} exists: delete it if it joins anew, or run kubectl certificate approve ${name}`;
      context.event(request, 'Warning', 'NodeExists', text);
      return undefined;
    }
    const condition = {
      ...{ type: 'Approved', status: 'True', reason: 'AutoApproved' },
      message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    };
    const conditions = withCondition(request.status?.conditions as Condition[], condition, context.clock.now());
    const body = { ...request, status: { ...request.status, conditions } };
    await context.client.update(requests, body, { subresource: 'approval' });
    return undefined;
  },
});

const isDecided = ({ status }: CertificateSigningRequest) =>
  (status?.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied');

/** Renewal is for the node itself, joining for those with the right to make node clients. */
async function mayHave(context: ControllerContext, { spec }: CertificateSigningRequest, asked: CertificateRequest) {
  const subresource = spec.username === asked.commonName ? 'selfnodeclient' : 'nodeclient';
  const attributes = {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    verb: 'create',
    subresource,
  };
  const { username: user, groups, uid, extra } = spec;
  const review = await context.client.create('subjectaccessreviews.authorization.k8s.io', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {} as { name: string },
    spec: { user, groups, uid, extra, resourceAttributes: attributes },
  });
  return review['status']?.allowed === true;
}

/** Why a signer of ours must not sign this, whoever approved it; undefined when it may. `namesOfNode` may be served. */
export function whyNot(
  { spec }: CertificateSigningRequest,
  asked: CertificateRequest,
  namesOfNode: string[] = [],
): string | undefined {
  const usages = new Set(spec.usages ?? []);
  const allowed = new Set(['digital signature', 'key encipherment']);
  const isServing = spec.signerName === kubeletServingSigner;
  allowed.add(isServing ? 'server auth' : 'client auth');
  const needed = isServing ? 'server auth' : 'client auth';
  if (!usages.has(needed)) return `usages must hold "${needed}"`;
  for (const usage of usages) if (!allowed.has(usage)) return `usage "${usage}" is not allowed for ${spec.signerName}`;
  if (asked.commonName === '') return 'the subject names nobody (CN)';
  // admission refuses such requests; what is past every role is not signed even if one came through
  if (asked.organizations.includes('system:masters')) return 'system:masters is not given by request';
  if (spec.signerName === clientSigner) return undefined;
  if (asked.organizations.join() !== 'system:nodes') return 'the organization must be system:nodes';
  if (!/^system:node:.+/.test(asked.commonName)) return 'the common name must be system:node:NAME';
  if (asked.emails.length > 0 || asked.uris.length > 0) return 'e-mail addresses and URIs are not allowed';
  const names = [...asked.dns, ...asked.addresses];
  if (isServing && names.length === 0) return 'a serving certificate needs a DNS name or an address';
  if (!isServing && names.length > 0) return 'a client certificate of a node has no DNS names or addresses';
  if (isServing && spec.username !== asked.commonName) return 'a node asks for its own serving certificate only';
  const foreign = names.filter((name) => !namesOfNode.includes(name));
  return foreign.length > 0 ? `it is for names that the Node does not have: ${foreign.join(', ')}` : undefined;
}

/** What the node of a request may serve as: its name, and what it tells of its addresses, where everybody sees it. */
function namesOfNode({ spec }: CertificateSigningRequest, { cache }: ControllerContext): string[] {
  const name = spec.username?.replace(/^system:node:/, '') ?? '';
  const node = cache<Node>('nodes').get('', name);
  return node === undefined ? [] : [name, ...(node.status?.addresses ?? []).map(({ address }) => address)];
}

/** Signs what was approved; what must not be signed gets a condition Failed that says why. */
export const certificateSigningController = (sign: Sign): Controller => ({
  name: 'certificate-signer',
  reconciles: requests,
  reads: ['nodes'],
  writes: { [`${requests}/status`]: ['update'] },
  grants: [grant('sign', signers)],

  async reconcile({ name }, context) {
    const request = context.cache<CertificateSigningRequest>(requests).get('', name);
    if (request === undefined || isDeleting(request) || !signers.includes(request.spec.signerName)) return undefined;
    const { conditions, certificate } = request.status ?? {};
    if (certificate || !isTrue(conditions, 'Approved') || isTrue(conditions, 'Failed')) return undefined;
    const status = { ...request.status };
    try {
      status.certificate = Buffer.from(signed(request, sign, namesOfNode(request, context))).toString('base64');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message };
      const all = withCondition(conditions as Condition[], failed, context.clock.now());
      status.conditions = all as typeof status.conditions;
    }
    await context.client.update(requests, { ...request, status }, { subresource: 'status' });
    return undefined;
  },
});

function signed(request: CertificateSigningRequest, sign: Sign, mayServe: string[]): string {
  const asked = readRequest(request);
  const wrong = whyNot(request, asked, mayServe);
  if (wrong) throw new Error(wrong);
  const { commonName, organizations, publicKey, dns, addresses } = asked;
  const askedMs = (request.spec.expirationSeconds ?? lifetimeDefaultMs / 1000) * 1000;
  return sign(publicKey, {
    subject: { commonName, organizations },
    usages: [request.spec.signerName === kubeletServingSigner ? 'server' : 'client'],
    lifetimeMs: Math.min(askedMs, lifetimeMaxMs),
    names: { dns, addresses },
  });
}

/** Requests are of no use for long: decided ones go after an hour, others after a day. */
export const certificateRequestCleaner = (): Controller => ({
  name: 'certificate-cleaner',
  reconciles: requests,
  reads: [],
  writes: { [requests]: ['delete'] },

  async reconcile({ name }, context): Promise<Result> {
    const request = context.cache<CertificateSigningRequest>(requests).get('', name);
    if (request === undefined || isDeleting(request)) return undefined;
    const waitMs = expiryMs(request) - context.clock.now();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    await deleteObject(context, requests, request);
    return undefined;
  },
});

/** From the decision on, however long it took: who asked comes back for the certificate. */
export function expiryMs({ metadata, status }: CertificateSigningRequest): number {
  const madeMs = Date.parse(metadata.creationTimestamp!);
  const said = status?.conditions ?? [];
  if (said.length === 0) return madeMs + 24 * hourMs;
  const decidedMs = said.map((one) => Date.parse(one.lastTransitionTime ?? one.lastUpdateTime ?? '') || madeMs);
  return Math.max(...decidedMs) + hourMs;
}
