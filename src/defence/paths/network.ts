import type { PartyClass, PolicyPod, PortRange, Reachability } from '../../policy/policy.ts';
import { podKey } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { refKey, refOf, refText } from '../object-ref.ts';
import { networkPolicyKind } from '../snapshot/kinds.ts';
import { networkOf } from '../snapshot/network.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Workload } from '../snapshot/workloads.ts';
import type { Places } from './effects.ts';
import { costs, type Lever, type Place } from './graph.ts';
import type { Model } from './model.ts';
import { addExposure } from './outside.ts';

/** Ways in from outside, and from pod to pod: each needs a flaw in what listens there. */
export function addNetwork(places: Places, model: Model, reachability: Reachability): void {
  const { workloadOf, world } = networkOf(model.snapshot);
  const byTop = Map.groupBy(model.workloads, ({ top }) => refKey(top));
  for (const workload of model.workloads)
    if (!byTop.has(refKey(workload.ref))) byTop.set(refKey(workload.ref), [workload]);
  addExposure(places, model, byTop);
  const doors = new Map<string, Door>();
  for (const pod of world.pods) {
    const [most, ...others] = byTop.get(refKey(workloadOf(pod))) ?? [];
    const own = others.length === 0 ? [] : model.workloadsWithPod(pod.name);
    const workload = own.find(({ namespace }) => namespace === pod.namespace) ?? most;
    if (workload === undefined) continue;
    const party = reachability.classOf({ pod: podKey(pod) });
    places.graph.hop(places.workload(workload), outOf(places, party), { cost: costs.given, why: 'connects', by: [] });
    const listens = listeningOf(pod);
    const key = `${party.index} ${portsKey(listens)}`;
    const door = doors.get(key) ?? { party, listens, workloads: new Set() };
    doors.set(key, door);
    door.workloads.add(workload);
  }
  const hubs: Hubs = new Map();
  for (const door of doors.values()) addDoor(places, model, reachability, door, hubs);
}

/** Workloads that the same clients reach on the same ports. */
type Door = { party: PartyClass; listens: PortRange[]; workloads: Set<Workload> };

const outOf = ({ graph }: Places, { index }: PartyClass) => graph.place(`from:${index}`, 'between', 'connections');

type Hub = { clients: number[]; place: Place };
/** Hubs by a figure that is equal for equal lists of clients: writing each list out would take longer than all else. */
type Hubs = Map<number, Hub[]>;

function hubFor(places: Places, hubs: Hubs, parties: PartyClass[]): Place {
  let figure = parties.length;
  for (const { index } of parties) figure = (Math.imul(figure, 31) + index) | 0;
  const alike = hubs.get(figure) ?? [];
  hubs.set(figure, alike);
  const known = alike.find(
    ({ clients }) => clients.length === parties.length && parties.every(({ index }, at) => clients[at] === index),
  );
  if (known !== undefined) return known.place;
  const place = places.graph.place(`hub:${figure}.${alike.length}`, 'between', 'the network');
  alike.push({ clients: parties.map(({ index }) => index), place });
  for (const party of parties)
    places.graph.hop(outOf(places, party), place, { cost: costs.given, why: 'connects', by: [] });
  return place;
}

/** Doors with the same clients share one hub: else ten thousand pods would be a hundred million hops. */
function addDoor(places: Places, model: Model, reachability: Reachability, door: Door, hubs: Hubs): void {
  const { graph } = places;
  const reaching = commonWith(door.listens);
  const clients: PartyClass[] = [];
  for (const { party, ports } of reachability.to(door.party))
    if (party.type === 'pods' && reaching(ports)) clients.push(party);
  if (clients.length === 0) return;
  const hub = hubFor(places, hubs, clients);
  const ports = door.listens.map(({ protocol, first }) => `${protocol} ${first}`).join(', ') || 'its ports';
  for (const workload of door.workloads) {
    const inside = places.workload(workload);
    const entrance = graph.place(`to:${inside.id}`, 'between', `the ports of ${inside.text}`);
    graph.hop(hub, entrance, { cost: costs.given, why: 'connects', by: [] });
    graph.hop(entrance, inside, {
      ...{
        cost: costs.flaw,
        why: `connects to ${ports} and finds a flaw there`,
        by: [],
        lever: isolate(model, workload),
      },
    });
  }
}

const listeningOf = ({ ports }: PolicyPod): PortRange[] =>
  ports.map(({ protocol, port }) => ({ protocol, first: port, last: port }));

const portsKey = (ports: PortRange[]) =>
  ports
    .map(({ protocol, first }) => `${protocol} ${first}`)
    .sort()
    .join();

/** Do open ports lead to one that listens? A pod that declares none may listen on any. Equal sets are asked once. */
function commonWith(listens: PortRange[]): (open: PortRange[]) => boolean {
  const known = new Map<PortRange[], boolean>();
  return (open) => {
    let found = known.get(open);
    if (found === undefined) {
      found = listens.length === 0 ? open.length > 0 : listens.some((own) => open.some((range) => holds(range, own)));
      known.set(open, found);
    }
    return found;
  };
}

const holds = ({ protocol, first, last }: PortRange, own: PortRange): boolean =>
  protocol === own.protocol && first <= own.first && own.first <= last;

/** Nobody reaches it any more: whoever must is to be allowed by name. */
function isolate({ snapshot }: Model, { namespace, labels, ref }: Workload): Lever {
  const name = `${ref.name.replaceAll(/[^a-z0-9-]/g, '-').slice(0, 50)}-isolated`;
  const put: Manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: { podSelector: { matchLabels: stableLabels(labels) }, policyTypes: ['Ingress'], ingress: [] },
  };
  return {
    ...{ type: 'policy', about: `workload:${ref.kind}/${namespace}/${ref.name}` },
    text: `let a NetworkPolicy say who may reach ${refText(ref)}`,
    // Where policies select it already, one more takes nothing away: they are to be narrowed by hand.
    ...(isSelected(snapshot, namespace, labels) ? {} : { edit: { target: refOf(put), to: () => put } }),
  };
}

/** Labels that a controller adds differ from pod to pod and from roll-out to roll-out. */
const stableLabels = (labels: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(labels).filter(([key]) => !/pod-template-hash|revision-hash|pod-name|pod-index/.test(key)),
  );

function isSelected(snapshot: Snapshot, namespace: string, labels: Record<string, string>): boolean {
  return snapshot.of(networkPolicyKind, namespace).some(({ spec }) => {
    const wanted = Object.entries(spec?.podSelector?.matchLabels ?? {});
    return wanted.every(([key, value]) => labels[key] === value);
  });
}
