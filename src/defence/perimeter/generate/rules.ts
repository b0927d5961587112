import type { Flow } from '../../../api/observations/observation.ts';
import type { LabelSelector } from '../../../api/selectors.ts';
import type { Direction, NetworkPolicyPeer, NetworkPolicyPort, PolicyPod, Protocol } from '../../../policy/policy.ts';
import { blocksOf } from './peers.ts';
import { flowText, seenText } from './seen.ts';

/** One rule with the lines that explain it: which flows, how often, when. */
export type ExplainedRule = { peers: NetworkPolicyPeer[]; ports: NetworkPolicyPort[]; comments: string[] };

/** What one direction of a workload needs, gathered flow by flow. */
export type Needs = {
  /** `peers` are the same for equal ends; `note` says why they are what they are. */
  add(peers: NetworkPolicyPeer[], ports: NetworkPolicyPort[], flow: Flow, note?: string): void;
  addOutside(address: string, flow: Flow): void;
  rules(): ExplainedRule[];
};

/** More flows than this are counted, not listed. */
const flowsListedMax = 5;

export function createNeeds(podRanges: string[]): Needs {
  type Need = {
    peers: NetworkPolicyPeer[];
    ports: Map<string, NetworkPolicyPort>;
    flows: Flow[];
    note: string | undefined;
  };
  const needs = new Map<string, Need>();
  type Outside = { addresses: string[]; port: NetworkPolicyPort; flows: Flow[] };
  const outside = new Map<string, Outside>();
  return {
    add(peers, ports, flow, note) {
      const key = JSON.stringify(peers);
      const need: Need = needs.get(key) ?? { peers, ports: new Map(), flows: [], note };
      for (const port of ports) need.ports.set(JSON.stringify(port), port);
      need.flows.push(flow);
      needs.set(key, need);
    },
    addOutside(address, flow) {
      const { protocol, port } = flow;
      const need: Outside = outside.get(`${protocol} ${port}`) ?? {
        addresses: [],
        port: { protocol, port },
        flows: [],
      };
      need.addresses.push(address);
      need.flows.push(flow);
      outside.set(`${protocol} ${port}`, need);
    },
    rules: () => [
      ...[...needs.values()].map(({ peers, ports, flows, note }) => ({
        ...{ peers, ports: [...ports.values()] },
        comments: [...flowLines(flows), ...(note === undefined ? [] : [note])],
      })),
      ...[...outside.values()].map(({ addresses, port, flows }) => {
        const { peers, note } = blocksOf(addresses, podRanges);
        return { peers, ports: [port], comments: [...flowLines(flows), ...(note === undefined ? [] : [note])] };
      }),
    ],
  };
}

function flowLines(flows: Flow[]): string[] {
  const lines = flows.slice(0, flowsListedMax).map((flow) => `${flowText(flow)}: ${seenText(flow)}`);
  return flows.length > flowsListedMax ? [...lines, `and ${flows.length - flowsListedMax} more flows`] : lines;
}

/** DNS by the labels that cluster DNS has everywhere. Never left out: what cannot look up names is down. */
export const dnsRule: ExplainedRule = {
  peers: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
  comments: ['DNS, always: without names nothing works'],
};

/** By its name when every pod of the workload calls the number so: the name stays when the number changes. */
export function namedPort(pods: PolicyPod[], protocol: Protocol, port: number): NetworkPolicyPort {
  const names = pods.map(
    (pod) => pod.ports.find((declared) => declared.protocol === protocol && declared.port === port)?.name,
  );
  const [name] = names;
  return { protocol, port: name !== undefined && names.every((other) => other === name) ? name : port };
}

export const policySpec = (podSelector: LabelSelector, rules: Record<Direction, ExplainedRule[]>) => ({
  podSelector,
  policyTypes: ['Ingress', 'Egress'],
  ingress: rules.ingress.map(({ peers, ports }) => ({ from: peers, ports })),
  egress: rules.egress.map(({ peers, ports }) => ({ to: peers, ports })),
});
