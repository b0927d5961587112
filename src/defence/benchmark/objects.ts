import { parseDocument } from 'yaml';
import { mastersGroup } from '../../api/rbac/identity.ts';
import { webhookKinds } from '../cluster/webhooks.ts';
import { objectText } from '../object-ref.ts';
import { networkPlugin } from '../snapshot/network-plugin.ts';
import { bindingKinds } from '../snapshot/roles.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { podOf, workloadKinds } from '../workload.ts';
import { failed, inapplicable, type Outcome, passed, unassessed } from './item.ts';

/** Nothing is concluded from what could not be read. */
function whyNot(snapshot: Snapshot, kinds: string[]): Outcome | undefined {
  const kind = kinds.find((each) => snapshot.whyUnread(each) !== undefined);
  return kind === undefined ? undefined : unassessed(`${kind} could not be read: ${snapshot.whyUnread(kind)}`);
}

const signingRequest = 'CertificateSigningRequest.certificates.k8s.io';

/** 3.1.1: certificates that were issued through the API to others than nodes and components. */
export function clientCertificatesOfPeople(snapshot: Snapshot): Outcome {
  const unread = whyNot(snapshot, [signingRequest]);
  if (unread) return unread;
  const issued = snapshot
    .of(signingRequest)
    .filter(({ spec }) => spec?.signerName === 'kubernetes.io/kube-apiserver-client')
    .filter(({ status }) => (status?.conditions ?? []).some(({ type }: { type: string }) => type === 'Approved'));
  if (issued.length > 0)
    return failed(`client certificates were approved: ${issued.slice(0, 3).map(({ metadata }) => metadata.name)}`);
  return unassessed('certificates may have been signed outside the API, and how people come is not visible in it');
}

/** 5.1.7: who is in the group stands in certificates, which no object names; what is bound to it shows. */
export function membersOfMasters(snapshot: Snapshot): Outcome {
  const unread = whyNot(snapshot, bindingKinds);
  if (unread) return unread;
  const bound = bindingKinds
    .flatMap((kind) => snapshot.of(kind))
    .filter(({ metadata }) => metadata.name !== 'cluster-admin')
    .filter(({ subjects }) => (subjects ?? []).some(({ name }: { name: string }) => name === mastersGroup));
  if (bound.length > 0) return failed(`${mastersGroup} is used: ${bound.slice(0, 3).map(objectText).join(', ')}`);
  return snapshot.closedByDefault
    ? passed(
        'nobody is but who asks for break-glass on the machine, with a certificate of an hour that the audit marks',
      )
    : unassessed('members of the group are client certificates, which no object of the API names');
}

const proxySettingsBytesMax = 256 * 1024;

/** 4.3.1, as kubeadm keeps it: the ConfigMap kube-system/kube-proxy. */
export function proxyMetrics(snapshot: Snapshot): Outcome {
  const unread = whyNot(snapshot, ['ConfigMap', 'DaemonSet.apps']);
  if (unread) return unread;
  const text = snapshot.get({ kind: 'ConfigMap', namespace: 'kube-system', name: 'kube-proxy' })?.['data']?.[
    'config.conf'
  ];
  if (typeof text !== 'string' || text.length > proxySettingsBytesMax)
    return unassessed('the configuration of kube-proxy is not in ConfigMap kube-system/kube-proxy');
  const document = parseDocument(text);
  if (document.errors.length > 0) return unassessed('ConfigMap kube-system/kube-proxy cannot be read');
  const address = document.get('metricsBindAddress') || '127.0.0.1:10249';
  const told = `metricsBindAddress is ${address}`;
  return /^(127\.|localhost|\[::1\])/.test(String(address)) ? passed(told) : failed(told);
}

/** 5.3.1: the pod network, by the names of its DaemonSets. */
export function networkSupportsPolicies(snapshot: Snapshot): Outcome {
  const unread = whyNot(snapshot, ['DaemonSet.apps']);
  if (unread) return unread;
  const plugin = networkPlugin(snapshot);
  if (plugin === undefined) return unassessed('which pod network there is cannot be told from its DaemonSets');
  return plugin.enforces
    ? passed(`DaemonSet ${plugin.name} enforces NetworkPolicies`)
    : failed(`DaemonSet ${plugin.name} enforces no NetworkPolicies, and nothing beside it does`);
}

const externalGroups =
  /(^|\.)(external-secrets\.io|secrets-store\.csi\.x-k8s\.io|secrets\.hashicorp\.com|crossplane\.io)$/;
const definition = 'CustomResourceDefinition.apiextensions.k8s.io';

/** 5.4.2: operators that fetch secrets from a store elsewhere. */
export function externalSecretStore(snapshot: Snapshot): Outcome {
  if (snapshot.source === 'manifests') return unassessed('manifests do not show what else the cluster has');
  const unread = whyNot(snapshot, [definition]);
  if (unread) return unread;
  const found = snapshot.of(definition).find(({ spec }) => externalGroups.test(String(spec?.group)));
  return found
    ? passed(`${found.metadata.name} is there: secrets can come from a store outside the cluster`)
    : failed('no operator of an external store of secrets is there');
}

/** Programs that verify images if a policy of theirs says so, which is not read. */
const perhapsVerifying = /kyverno|gatekeeper|kubewarden|jspolicy|\bopa\b/i;
const verifying = /cosign|sigstore|connaisseur|notation|ratify|portieris|image-?policy|policy-controller/i;

/** 5.5.1: an admission webhook that verifies images, by its name. */
export function imageProvenance(snapshot: Snapshot): Outcome {
  if (snapshot.source === 'manifests') return unassessed('manifests do not show what else the cluster has');
  const unread = whyNot(snapshot, webhookKinds);
  if (unread) return unread;
  const webhooks = webhookKinds.flatMap((kind) => snapshot.of(kind));
  const found = webhooks.find(({ metadata }) => verifying.test(metadata.name));
  if (found) return passed(`${found.kind} ${found.metadata.name} verifies images`);
  const perhaps = webhooks.find(({ metadata }) => perhapsVerifying.test(metadata.name));
  if (perhaps) return unassessed(`${objectText(perhaps)} can verify images: whether a policy of it does is not read`);
  return failed('no webhook that is known to verify images is registered');
}

const systemNamespace = /^(kube-|default$)/;

/** 5.6.1: workloads are spread over namespaces of their own. */
export function namespacesAsBoundaries(snapshot: Snapshot): Outcome {
  const unread = whyNot(snapshot, workloadKinds);
  if (unread) return unread;
  const used = new Set(
    workloadKinds
      .flatMap((kind) => snapshot.of(kind))
      .filter((object) => podOf(object) !== undefined)
      .map(({ metadata }) => metadata.namespace ?? '')
      .filter((name) => !name.startsWith('kube-')),
  );
  if (used.size === 0) return inapplicable('there are no workloads');
  if (used.has(''))
    return unassessed('some manifests name no namespace: where they go is decided when they are applied');
  const own = [...used].filter((name) => !systemNamespace.test(name));
  return own.length > 0
    ? passed(`workloads are in ${used.size} ${used.size === 1 ? 'namespace' : 'namespaces'} of their own`)
    : failed('all workloads are in the namespace default');
}
