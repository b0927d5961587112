import type { Flow, FlowEnd } from '../../../api/observations/observation.ts';
import { type Direction, type NetworkPolicyPort, type PolicyPod, podKey } from '../../../policy/policy.ts';
import type { Places } from '../../observations/places.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';
import {
  anywhere,
  apiLocations,
  type Location,
  nodeAddresses,
  peerOfAddress,
  peerOfPods,
  podRanges,
  selectorOf,
} from './peers.ts';
import { createNeeds, type Needs, namedPort } from './rules.ts';
import { endText } from './seen.ts';

const offeredNote = 'a Service or a host port offers this to the outside on purpose: whoever comes from there may';

/** A workload of some pods, one of which stands for all, and what its policy must allow. */
export type Needing = { pod: PolicyPod; pods: PolicyPod[]; needs: Record<Direction, Needs> };

/** Says what a flow needs at either end: peers and ports that stay right when pods are made anew. */
export function createFlowNeeds(snapshot: Snapshot, model: SnapshotWorld, { place }: Places) {
  const api = apiLocations(snapshot);
  const ranges = podRanges(snapshot);
  const exposed = new Set(
    model.world.exposures.map(({ namespace, pod, protocol, port }) => `${namespace}/${pod} ${protocol} ${port}`),
  );

  function addIngress({ pod, pods, needs }: Needing, flow: Flow): void {
    const far = place(flow.from);
    const server = place(flow.to).pod!;
    const isNode = flow.from.type === 'node' && flow.from.name === server.node;
    // Probes come from the own node, which always reaches its pods.
    if (isNode) return;
    const ports = [namedPort(pods, flow.protocol, flow.port)];
    const offered = exposed.has(`${podKey(server)} ${flow.protocol} ${flow.port}`);
    if (flow.from.type !== 'pod' && offered) needs.ingress.add([anywhere(ranges)], ports, flow, offeredNote);
    else addPeers(needs.ingress, pod.namespace, far.pod, ports, flow, flow.from);
  }

  function addEgress({ pod, needs }: Needing, flow: Flow): void {
    const { to, protocol, port } = flow;
    const address = to.type === 'pod' ? undefined : to.address;
    const at = ({ address: other, port: otherPort }: Location) => other === address && otherPort === port;
    if (model.world.wellKnown.some(({ name, backend, aliases }) => name === 'dns' && [backend, ...aliases].some(at)))
      return;
    if (address !== undefined && api.some(at)) {
      const peers = [...new Set(api.map(({ address }) => address))].map(peerOfAddress);
      const ports = [...new Set(api.map(({ port }) => port))].map((port) => ({ protocol, port }));
      needs.egress.add(peers, ports, flow, 'the API server: by its address in the cluster and those behind it');
      return;
    }
    addPeers(needs.egress, pod.namespace, place(to).pod, [{ protocol, port }], flow, to);
  }

  /** Pods by selectors; nodes, and pods on their network, by the addresses of the nodes; the rest by its address. */
  function addPeers(
    needs: Needs,
    own: string,
    pod: PolicyPod | undefined,
    ports: NetworkPolicyPort[],
    flow: Flow,
    end: FlowEnd,
  ) {
    if (pod !== undefined && !pod.hostNetwork) {
      const selector = selectorOf(snapshot, model, pod);
      if (selector !== undefined) needs.add([peerOfPods(own, pod.namespace, selector)], ports, flow);
      return;
    }
    if (end.type === 'address') return needs.addOutside(end.address, flow);
    const addresses = nodeAddresses(model, pod === undefined ? { node: (end as { name: string }).name } : { pod });
    const known = end.type === 'node' ? [...new Set([...addresses, end.address])] : addresses;
    const why =
      pod === undefined
        ? `a node is known by its addresses only`
        : `${endText(end)} runs on the network of its node, where selectors do not find it: the addresses of its nodes`;
    if (known.length > 0) needs.add(known.map(peerOfAddress), ports, flow, why);
  }

  return {
    none: (): Needing['needs'] => ({ ingress: createNeeds(ranges), egress: createNeeds(ranges) }),
    addIngress,
    addEgress,
  };
}
