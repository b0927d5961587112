import { builtInResources, type Resource } from '../../client/resources.ts';
import { kindNameOf } from '../object-ref.ts';

export const networkPolicyKind = 'NetworkPolicy.networking.k8s.io';

/** A kind that a snapshot reads. */
export type ReadKind = Resource & {
  /** `Deployment.apps`, as checks name it. */
  name: string;
  /** Of a custom resource: many clusters do not have it. */
  custom: boolean;
  /** Only metadata is asked for, so that no value of a Secret ever gets here. */
  metadataOnly: boolean;
};

/** Built-in resources that a judgement of any level needs, in the version that `client/resources` knows. */
const builtIns = `
  pods podtemplates replicationcontrollers deployments.apps replicasets.apps statefulsets.apps daemonsets.apps
  jobs.batch cronjobs.batch horizontalpodautoscalers.autoscaling poddisruptionbudgets.policy
  services endpointslices.discovery.k8s.io networkpolicies.networking.k8s.io
  ingresses.networking.k8s.io ingressclasses.networking.k8s.io
  namespaces nodes serviceaccounts configmaps secrets resourcequotas limitranges
  persistentvolumes persistentvolumeclaims storageclasses.storage.k8s.io
  roles.rbac.authorization.k8s.io rolebindings.rbac.authorization.k8s.io
  clusterroles.rbac.authorization.k8s.io clusterrolebindings.rbac.authorization.k8s.io
  certificatesigningrequests.certificates.k8s.io priorityclasses.scheduling.k8s.io runtimeclasses.node.k8s.io
  mutatingwebhookconfigurations.admissionregistration.k8s.io
  validatingwebhookconfigurations.admissionregistration.k8s.io
  validatingadmissionpolicies.admissionregistration.k8s.io
  validatingadmissionpolicybindings.admissionregistration.k8s.io
  mutatingadmissionpolicies.admissionregistration.k8s.io
  mutatingadmissionpolicybindings.admissionregistration.k8s.io
  customresourcedefinitions.apiextensions.k8s.io apiservices.apiregistration.k8s.io`;

/**
 * Custom resources that a judgement needs where they are served: what exposes (Gateway API), and our own. A `*` marks
 * those without a namespace.
 */
const customs = `
  gateway.networking.k8s.io/v1: gatewayclasses*:GatewayClass gateways:Gateway httproutes:HTTPRoute grpcroutes:GRPCRoute
  gateway.networking.k8s.io/v1alpha2: tcproutes:TCPRoute tlsroutes:TLSRoute udproutes:UDPRoute
  gateway.networking.k8s.io/v1beta1: referencegrants:ReferenceGrant
  defence.rempart.io/v1alpha1: protections*:Protection exceptions:Exception`;

/** What decides beside NetworkPolicies: policies of the project itself, of network plugins, of meshes and of clouds. */
const otherPolicies = `
  policy.networking.k8s.io/v1alpha1: adminnetworkpolicies*:AdminNetworkPolicy
  policy.networking.k8s.io/v1alpha1: baselineadminnetworkpolicies*:BaselineAdminNetworkPolicy
  policy.networking.k8s.io/v1alpha2: clusternetworkpolicies*:ClusterNetworkPolicy
  cilium.io/v2: ciliumnetworkpolicies:CiliumNetworkPolicy
  cilium.io/v2: ciliumclusterwidenetworkpolicies*:CiliumClusterwideNetworkPolicy
  crd.projectcalico.org/v1: networkpolicies:NetworkPolicy globalnetworkpolicies*:GlobalNetworkPolicy
  crd.antrea.io/v1beta1: networkpolicies:NetworkPolicy clusternetworkpolicies*:ClusterNetworkPolicy
  k8s.ovn.org/v1: egressfirewalls:EgressFirewall
  security.istio.io/v1: authorizationpolicies:AuthorizationPolicy peerauthentications:PeerAuthentication
  policy.linkerd.io/v1alpha1: authorizationpolicies:AuthorizationPolicy
  vpcresources.k8s.aws/v1beta1: securitygrouppolicies:SecurityGroupPolicy`;

const words = (text: string) => text.trim().split(/\s+/);

function customOf(line: string): ReadKind[] {
  const [place = '', entries = ''] = line.split(': ');
  const [group = '', version = ''] = place.trim().split('/');
  return words(entries).map((entry) => {
    const [plural = '', kind = ''] = entry.split(':');
    const resource = { group, version, kind, resource: plural.replace('*', ''), namespaced: !plural.endsWith('*') };
    return { ...resource, name: kindNameOf(resource), custom: true, metadataOnly: false };
  });
}

const customKinds = (text: string): ReadKind[] => text.trim().split('\n').flatMap(customOf);
const deciding = customKinds(otherPolicies);

/** Kinds, and which of them have a namespace, that say who may connect and are not evaluated. */
export const otherPolicyKinds: Pick<ReadKind, 'name' | 'namespaced'>[] = deciding;

/** The one list of what is read of a cluster. The role that Rempart ships is made from it. */
export const readKinds: ReadKind[] = [
  ...words(builtIns).map((name) => {
    const resource = builtInResources.get(name)!;
    return { ...resource, name: kindNameOf(resource), custom: false, metadataOnly: name === 'secrets' };
  }),
  ...customKinds(customs),
  ...deciding,
];
