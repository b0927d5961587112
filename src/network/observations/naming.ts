import type { KubernetesObject } from '../../api/object.ts';
import type { Flow, FlowEnd } from '../../api/observations/observation.ts';
import type { Cache } from '../../client/cache.ts';
import type { Clock } from '../../foundation/clock.ts';
import { createAssignments } from './assignments.ts';
import { explainDrop, type Judged, unexplainedDrop } from './explain.ts';
import type { Sighting } from './kernel.ts';

export type NamingOptions = {
  nodeName: string;
  nodeAddresses(): string[];
  caches: { pods: Cache; nodes: Cache };
  /** The address of the pod whose interface this is. */
  addressBehind(interfaceName: string): string | undefined;
  clock: Clock;
};

/** Who was behind an address when the kernel saw it. */
export type Naming = {
  /** Learns from the API which pod has which address. Returns what ends that. */
  follow(): () => void;
  /** A pod of this node has this address from now on, before the API knows. */
  assigned(pod: KubernetesObject, ip: string): void;
  /** Names a poll's sightings. `judged` explains a drop; without it the drop is told unexplained. */
  namer(): (sighting: Sighting, judged: Judged | undefined) => Flow;
};

export function createNaming(options: NamingOptions): Naming {
  const { caches, clock, addressBehind } = options;
  const assignments = createAssignments();

  function onPod(type: string, pod: KubernetesObject): void {
    const { status, spec, metadata } = pod;
    if (spec?.hostNetwork) return;
    const over = type === 'DELETED' || status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (over) assignments.release(pod, clock.now());
    else if (status?.podIP)
      assignments.assign(status.podIP, pod, Date.parse(status.startTime ?? metadata.creationTimestamp ?? '') || 0);
  }

  function flowOf(sighting: Sighting, nodes: Map<string, string>, judged: Judged | undefined): Flow {
    const { outcome, interfaceName, protocol, port, count, lastMs } = sighting;
    const endOf = (address: string): FlowEnd => {
      const node = nodes.get(address);
      if (node !== undefined) return { type: 'node', name: node, address };
      return assignments.at(address, lastMs) ?? { type: 'address', address };
    };
    // By its interface: a pod that takes another's address is not believed.
    const truly = interfaceName === undefined ? undefined : addressBehind(interfaceName);
    const from = endOf(truly ?? sighting.from);
    const to = endOf(sighting.to);
    const seen = { firstMs: lastMs, lastMs, count };
    if (outcome === 'seen') return { from, to, protocol, port, allowed: true, ...seen };
    const drop = judged ? explainDrop(outcome, { from, to, protocol, port }, judged) : unexplainedDrop(outcome);
    return { from, to, protocol, port, allowed: false, drop, ...seen };
  }

  return {
    follow: () => caches.pods.subscribe(onPod),
    assigned: (pod, ip) => assignments.assign(ip, pod, clock.now()),
    namer() {
      const nodes = nodesByAddress(options);
      return (sighting, judged) => flowOf(sighting, nodes, judged);
    },
  };
}

function nodesByAddress({ caches, nodeName, nodeAddresses }: NamingOptions): Map<string, string> {
  const found = new Map<string, string>();
  for (const { metadata, status } of caches.nodes.list())
    for (const { address } of status?.addresses ?? []) found.set(address, metadata.name);
  for (const address of nodeAddresses()) found.set(address, nodeName);
  return found;
}
