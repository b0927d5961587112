import { hostFactsBytesMax, hostFactsName, hostFactsNamespace } from '../../api/host-facts.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { isMirrorPod } from '../../api/pods/mirror-pod.ts';
import { equalJson } from '../../foundation/json.ts';
import { nodeOf } from '../authorization/node.ts';
import { usesObjects } from '../authorization/pod-references.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.ts';
import { concerns, refusal } from './about.ts';

/** Labels under these suffixes that a node may give itself; of the others only administrators may. */
const ownLabels = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  ...['kubernetes.io/hostname', 'kubernetes.io/arch', 'kubernetes.io/os', 'node.kubernetes.io/instance-type'],
  ...['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'],
]);
const ownPrefixes = ['kubelet.kubernetes.io/', 'node.kubernetes.io/'];

/**
 * What a node agent writes concerns itself: its Node, its Lease, pods bound to it, tokens for them. So a stolen node
 * identity cannot act for other nodes, nor lure pods to itself by labels.
 */
export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  validate(request) {
    const node = nodeOf(request.user);
    if (node === undefined) return;
    const { kind, subresource } = request;
    const path = `${kind.resource}${subresource === '' ? '' : `/${subresource}`}`;
    if (kind.group === '' && (path === 'nodes' || path === 'nodes/status')) checkNode(request, node);
    if (kind.group === '' && path === 'pods') checkPod(request, node);
    if (kind.group === '' && (path === 'pods/status' || path === 'pods/eviction')) checkBound(request, node);
    if (kind.group === '' && path === 'serviceaccounts/token') checkToken(request, node);
    if (kind.group === '' && path === 'persistentvolumeclaims/status') checkClaimStatus(request, node);
    if (kind.group === '' && path === 'configmaps') checkHostFacts(request, node);
    const single = kind.resource === 'leases' || kind.resource === 'csinodes';
    if (single && request.name !== node) throw foreign(request, node);
  },
};

const foreign = (request: AdmissionRequest, node: string) =>
  refusal(request, `node "${node}" is not allowed to modify ${request.kind.resource} "${request.name}"`);

function checkNode(request: AdmissionRequest, node: string): void {
  const { operation, name, object, oldObject: old } = request;
  if (name !== node) throw foreign(request, node);
  if (operation === 'DELETE') throw refusal(request, `node "${node}" is not allowed to delete itself`);
  if (object === undefined) return;
  const same = (read: (object: KubernetesObject | undefined) => unknown) =>
    JSON.stringify(read(object) ?? null) === JSON.stringify(read(old) ?? null);
  if (operation === 'UPDATE' && !same((value) => value?.['spec']?.taints))
    throw refusal(request, `node "${node}" is not allowed to modify taints`);
  if (operation === 'UPDATE' && !same((value) => value?.metadata.ownerReferences))
    throw refusal(request, `node "${node}" is not allowed to modify owner references`);
  // Told when it registers; upstream lets it be set later, too, which no agent needs and only a lie would be.
  if (operation === 'UPDATE' && !same((value) => [value?.['spec']?.podCIDR, value?.['spec']?.podCIDRs]))
    throw refusal(request, `node "${node}" is not allowed to modify its pod range (podCIDR)`);
  const changed = changedLabels(old?.metadata.labels ?? {}, object.metadata.labels ?? {}).filter(isReserved);
  if (changed.length > 0) throw refusal(request, `is not allowed to modify labels: ${changed.join(', ')}`);
}

/** The one ConfigMap that a node writes; a stolen node cannot fill the store with it. */
function checkHostFacts(request: AdmissionRequest, node: string): void {
  const { namespace, name, object } = request;
  if (namespace !== hostFactsNamespace || name !== hostFactsName(node)) throw foreign(request, node);
  if (object !== undefined && JSON.stringify(object).length > 2 * hostFactsBytesMax)
    throw refusal(request, `what a node tells of its machine may have ${hostFactsBytesMax} bytes at most`);
}

function changedLabels(before: Record<string, string>, after: Record<string, string>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .sort();
}

/** Of the kubernetes.io and k8s.io namespaces, what a node does not say about itself. */
function isReserved(label: string): boolean {
  const namespace = label.includes('/') ? label.split('/', 1)[0]! : '';
  const kubernetes = /(^|\.)(kubernetes|k8s)\.io$/.test(namespace);
  if (!kubernetes || ownLabels.has(label)) return false;
  if (namespace === 'node-restriction.kubernetes.io') return true;
  return !ownPrefixes.some((prefix) => label.startsWith(prefix) || namespace.endsWith(`.${prefix.slice(0, -1)}`));
}

function checkPod(request: AdmissionRequest, node: string): void {
  const { operation, object } = request;
  if (operation === 'DELETE') {
    checkBound(request, node);
    return;
  }
  if (operation !== 'CREATE' || object === undefined) throw refusal(request, `node "${node}" may not change pods`);
  if (!isMirrorPod(object))
    throw refusal(
      request,
      `pod does not have "kubernetes.io/config.mirror" annotation, node "${node}" can only create mirror pods`,
    );
  const { spec } = object;
  if (spec.nodeName !== node)
    throw refusal(request, `node "${node}" can only create pods with spec.nodeName set to itself`);
  if (usesObjects(object)) throw refusal(request, `node "${node}" can not create pods that reference API objects`);
}

function checkBound(request: AdmissionRequest, node: string): void {
  const { lookup, namespace, name, oldObject: old } = request;
  const pod = old ?? lookup.get('pods', namespace, name);
  if (pod !== undefined && pod['spec']?.nodeName !== node)
    throw refusal(request, `node "${node}" can only act on pods with spec.nodeName set to itself`);
  const before = pod?.metadata.labels ?? {};
  if (
    concerns(request, 'UPDATE', 'pods/status') &&
    changedLabels(before, request.object?.metadata.labels ?? {}).length > 0
  )
    throw refusal(request, `node "${node}" cannot update labels through pod status`);
}

/** Tokens for pods that run here, never free ones. */
function checkToken(request: AdmissionRequest, node: string): void {
  const reference = request.object?.['spec']?.boundObjectRef;
  if (reference?.kind !== 'Pod' || reference.apiVersion !== 'v1' || !reference.name)
    throw refusal(request, `node requested token not bound to a pod`);
  if (!reference.uid) throw refusal(request, 'node requested token with a pod binding without a uid');
  const pod = request.lookup.get('pods', request.namespace, reference.name);
  if (pod === undefined || pod.metadata.uid !== reference.uid)
    throw refusal(request, `pod "${reference.name}" with this uid was not found`);
  if (pod['spec']?.nodeName !== node)
    throw refusal(request, `node requested token bound to a pod scheduled on a different node`);
  const sources: any[] = (pod['spec'].volumes ?? []).flatMap(({ projected }: any) => projected?.sources ?? []);
  const wanted = new Set(sources.flatMap(({ serviceAccountToken: token }) => (token ? [token.audience ?? ''] : [])));
  const asked: string[] = request.object?.['spec'].audiences ?? [];
  // Who names none is given one for this server.
  for (const audience of asked.length === 0 ? [''] : asked)
    if (!wanted.has(audience))
      throw refusal(request, `audience "${audience}" not found in pod spec volume: nodes ask for no token of another`);
}

/** How a volume has grown, and nothing that others go by. */
function checkClaimStatus(request: AdmissionRequest, node: string): void {
  const others = (claim: KubernetesObject | undefined) => {
    const {
      capacity: _,
      conditions: __,
      allocatedResources: ___,
      allocatedResourceStatuses: ____,
      ...status
    } = claim?.['status'] ?? {};
    return { annotations: claim?.metadata.annotations ?? {}, status };
  };
  if (!equalJson(others(request.object), others(request.oldObject)))
    throw refusal(request, `node "${node}" may only write capacity, conditions and allocated resources of a claim`);
}
