import { type NodeTerm, parseNodeTerm } from '../api/node-selector.ts';
import { type Amounts, isSidecar, requestsHeld } from '../api/pod-resources.ts';
import type { Pod, PodAffinityTerm, TopologySpreadConstraint } from '../api/schema/types.d.ts';
import { type LabelSelector, matchesSelector } from '../api/selectors.ts';

/** A pod as the scheduler needs it: parsed once, then only read; `nodeName` changes when it is placed. */
export type PodInfo = {
  pod: Pod;
  uid: string;
  namespace: string;
  name: string;
  labels: Record<string, string>;
  priority: number;
  nodeName: string;
  requests: Amounts;
  /** Requests for scoring: what asks for nothing still uses something. */
  usual: { cpuMilli: number; memoryBytes: number };
  ports: HostPort[];
  nodeTerms: NodeTerm[] | undefined;
  affinity: PodTerm[];
  antiAffinity: PodTerm[];
  /** Weights are negative for anti-affinity. */
  preferred: { weight: number; term: PodTerm }[];
  spread: Spread[];
  claims: string[];
};

export type HostPort = { ip: string; protocol: string; port: number };
export type PodTerm = {
  /** The same for terms that mean the same. */
  key: string;
  namespaces: string[];
  namespaceSelector: LabelSelector | undefined;
  selector: LabelSelector | undefined;
  topologyKey: string;
};
export type Spread = {
  maxSkew: number;
  minDomains: number;
  topologyKey: string;
  hard: boolean;
  selector: LabelSelector | undefined;
  honorsAffinity: boolean;
  honorsTaints: boolean;
};

/** Source: kubernetes/kubernetes pkg/scheduler/util/pod_resources.go. */
const usualCpuMilli = 100;
const usualMemoryBytes = 200 * 2 ** 20;

export function parsePod(pod: Pod): PodInfo {
  const spec = pod.spec ?? { containers: [] };
  const { namespace = '', name, uid = '', labels = {} } = pod.metadata;
  const requests = requestsHeld(pod);
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const term = (raw: PodAffinityTerm) => parsePodTerm(raw, namespace, labels);
  const weighted = (list: { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined, sign: 1 | -1) =>
    (list ?? []).map(({ weight, podAffinityTerm }) => ({ weight: sign * weight, term: term(podAffinityTerm) }));
  return {
    pod,
    uid,
    namespace,
    name,
    labels,
    priority: spec.priority ?? 0,
    nodeName: spec.nodeName ?? '',
    requests,
    usual: { cpuMilli: requests.cpuMilli || usualCpuMilli, memoryBytes: requests.memoryBytes || usualMemoryBytes },
    ports: hostPorts(pod),
    nodeTerms: nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.map(parseNodeTerm),
    affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    antiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    preferred: [
      ...weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1),
      ...weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1),
    ],
    spread: (spec.topologySpreadConstraints ?? []).map((raw) => parseSpread(raw, labels)),
    claims: claimNames(pod),
  };
}

function hostPorts({ spec }: Pod): HostPort[] {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isSidecar)];
  return containers.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ hostIP, protocol, hostPort }) => ({
        ip: hostIP || '0.0.0.0',
        protocol: protocol ?? 'TCP',
        port: hostPort!,
      })),
  );
}

function claimNames({ spec, metadata }: Pod): string[] {
  const names: string[] = [];
  for (const volume of spec?.volumes ?? []) {
    if (volume.persistentVolumeClaim) names.push(volume.persistentVolumeClaim.claimName);
    else if (volume.ephemeral) names.push(`${metadata.name}-${volume.name}`);
  }
  return names;
}

/** `matchLabelKeys` narrow a selector to the pod's own values of these labels. */
function narrowed(
  selector: LabelSelector | undefined,
  labels: Record<string, string>,
  alike: string[] = [],
  unlike: string[] = [],
): LabelSelector | undefined {
  const own = (keys: string[], operator: string) =>
    keys.filter((key) => labels[key] !== undefined).map((key) => ({ key, operator, values: [labels[key]!] }));
  const added = [...own(alike, 'In'), ...own(unlike, 'NotIn')];
  if (selector === undefined || added.length === 0) return selector;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] };
}

function parsePodTerm(raw: PodAffinityTerm, namespace: string, labels: Record<string, string>): PodTerm {
  const { namespaces = [], namespaceSelector, labelSelector, topologyKey } = raw;
  const own = namespaces.length === 0 && namespaceSelector === undefined ? [namespace] : namespaces;
  const selector = narrowed(labelSelector, labels, raw.matchLabelKeys, raw.mismatchLabelKeys);
  const key = JSON.stringify([own, namespaceSelector, selector, topologyKey]);
  return { key, namespaces: own, namespaceSelector, selector, topologyKey };
}

const parseSpread = (raw: TopologySpreadConstraint, labels: Record<string, string>): Spread => ({
  maxSkew: raw.maxSkew,
  minDomains: raw.minDomains ?? 1,
  topologyKey: raw.topologyKey,
  hard: raw.whenUnsatisfiable === 'DoNotSchedule',
  selector: narrowed(raw.labelSelector, labels, raw.matchLabelKeys),
  honorsAffinity: raw.nodeAffinityPolicy !== 'Ignore',
  honorsTaints: raw.nodeTaintsPolicy === 'Honor',
});

/** Does an affinity term mean this pod? */
export function termMatches(
  { namespaces, namespaceSelector, selector }: Omit<PodTerm, 'key' | 'topologyKey'>,
  { namespace, labels }: Pick<PodInfo, 'namespace' | 'labels'>,
  namespaceLabels: (namespace: string) => Record<string, string> | undefined,
): boolean {
  if (!namespaces.includes(namespace) && !matchesSelector(namespaceSelector, namespaceLabels(namespace) ?? {}))
    return false;
  return matchesSelector(selector, labels);
}
