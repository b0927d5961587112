import type { LabelSelector, Labels } from './selector.ts';

export type Protocol = 'TCP' | 'UDP' | 'SCTP';
export type Direction = 'ingress' | 'egress';

/** As much of a NetworkPolicy (networking.k8s.io/v1) as decides. */
export type NetworkPolicy = {
  metadata: { namespace?: string; name: string };
  spec?: {
    podSelector?: LabelSelector;
    policyTypes?: string[];
    ingress?: { from?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
    egress?: { to?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
  };
};
export type NetworkPolicyPeer = {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
};
export type NetworkPolicyPort = { protocol?: string; port?: number | string; endPort?: number };

/** A pod as policies see it. With `hostNetwork` it is its node: no policy selects it, no selector finds it. */
export type PolicyPod = {
  namespace: string;
  name: string;
  labels: Labels;
  ips: string[];
  node: string;
  hostNetwork: boolean;
  ports: { name?: string; protocol: Protocol; port: number }[];
};

export type PolicyNamespace = { name: string; labels: Labels };
export type PolicyNode = { name: string; addresses: string[] };

export type Location = { address: string; port: number };

/**
 * A service that nodes offer to pods (cluster DNS, the API). `backend` is where packets arrive, `aliases` are the
 * service addresses in front of it; a rule that allows one of them allows all. With `namespace` and `labels`, selectors
 * find it as if it were a pod, so that the usual "allow DNS to k8s-app=kube-dns" means what its author meant.
 */
export type WellKnown = {
  name: string;
  protocols: Protocol[];
  backend: Location;
  aliases: Location[];
  namespace?: string;
  labels?: Labels;
};

/** A port of a pod that a NodePort or LoadBalancer service, or a host port, offers to the outside on purpose. */
export type Exposure = { namespace: string; pod: string; protocol: Protocol; port: number };

/** Everything a decision depends on. Its lists are not changed any more: what is made of them is kept. */
export type World = {
  pods: PolicyPod[];
  namespaces: PolicyNamespace[];
  nodes: PolicyNode[];
  policies: NetworkPolicy[];
  exposures: Exposure[];
  wellKnown: WellKnown[];
  /** Of namespaces that do not say; `island` when nothing is said. */
  defaultIsolation?: Isolation;
  /** A cluster that is not ours: open as Kubernetes is, without isolation modes and without a guard of nodes. */
  foreign?: boolean;
  /** Blocks are about what is no pod alone, as some network plugins have it; of ours they are about every address. */
  blocksSkipPods?: boolean;
};

/**
 * What a pod that no policy selects in a direction may do. `off`: everything, as in Kubernetes. `island`: its own
 * namespace, the well-known services, and being reached where it is exposed. `deny`: nothing.
 */
export type Isolation = 'off' | 'island' | 'deny';

/** Every namespace has its own name in this label, set by the API server. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';
export const isolationLabel = 'rempart.io/isolation';
const exemptNamespaces = ['kube-system'];

/**
 * kube-system runs what the cluster needs and is exempt by name. Who wrote a label wanted something other than the
 * default, which may be `off`: a value that is misspelt closes.
 */
export function isolationOf(namespace: PolicyNamespace, byDefault: Isolation = 'island'): Isolation {
  if (exemptNamespaces.includes(namespace.name)) return 'off';
  const mode = namespace.labels[isolationLabel];
  return mode === undefined ? byDefault : readIsolation(mode);
}

/** `observe` lets everything pass: what it would cut is told from what was seen. */
export function readIsolation(mode: string): Isolation {
  if (mode === 'off' || mode === 'observe') return 'off';
  return mode === 'deny' ? 'deny' : 'island';
}

/** The object whose `spec.mode` says what namespaces without a label are. */
export const isolationProtection = 'namespace-isolation';

export const podKey = (pod: { namespace: string; name: string }): string => `${pod.namespace}/${pod.name}`;
