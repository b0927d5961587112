import { parseAddress } from '../address.ts';
import type { PortRange } from '../compile.ts';
import { nodePorts, type Party } from '../evaluate.ts';
import type { PolicyPod, World } from '../world.ts';
import { createMatrix } from './matrix.ts';
import type { PartyClass } from './parties.ts';
import { createPortSets, everyPort } from './port-sets.ts';

export type Reach = { party: PartyClass; ports: PortRange[] };

/**
 * What a whole world allows, class by class. Two things are true of single pods only and therefore stand in no class: a
 * pod reaches itself, and a node its own pods (`ports` knows both).
 */
export type Reachability = {
  classes: PartyClass[];
  /** Throws RangeError for a pod that is not in the world. */
  classOf(party: Party): PartyClass;
  /** All that this class reaches, and on which ports. */
  from(party: PartyClass): Reach[];
  /** All that reach it. */
  to(party: PartyClass): Reach[];
  /** The ports on which one party reaches another: what `evaluate` says, for all ports at once. */
  ports(from: Party, to: Party): PortRange[];
};

/** Works out once who reaches whom in a world, so that each question costs little. */
export function createReachability(world: World): Reachability {
  const portSets = createPortSets();
  const { index, parties, row, column } = createMatrix(world, portSets);
  const { classes } = parties;
  const { none, intersection } = portSets;
  const listed = (sets: Uint32Array): Reach[] =>
    classes.flatMap((party) =>
      sets[party.index] === none ? [] : [{ party, ports: portSets.ranges(sets[party.index]!) }],
    );
  const podOf = (party: Party): PolicyPod | undefined => {
    if ('address' in party) return index.podByAddress.get(parseAddress(party.address) ?? -1);
    const pod = index.podByKey.get(party.pod);
    if (pod === undefined) throw new RangeError(`pod "${party.pod}" is not part of this world`);
    return pod;
  };
  const classOf = (party: Party): PartyClass => {
    const pod = podOf(party);
    return pod === undefined
      ? parties.ofAddress(parseAddress((party as { address: string }).address)!)
      : parties.ofPod(pod);
  };
  const nodeOf = (party: Party) => {
    const pod = podOf(party);
    if (pod !== undefined) return pod.hostNetwork && pod.node !== '' ? pod.node : undefined;
    return index.nodeByAddress.get(parseAddress((party as { address: string }).address) ?? -1);
  };
  const selectable = (party: Party) => {
    const pod = podOf(party);
    return pod?.hostNetwork ? undefined : pod;
  };
  return {
    ...{ classes, classOf },
    from: (party) => listed(row(party)),
    to: (party) => listed(column(party)).filter(({ party }) => party.type !== 'service'),
    ports(from, to) {
      const [source, target] = [selectable(from), selectable(to)];
      if (source !== undefined && source === target) return everyPort;
      if (target !== undefined && nodeOf(from) === target.node) return everyPort;
      const ports = row(classOf(from))[classOf(to).index]!;
      if (source === undefined || target !== undefined || nodeOf(to) !== source.node || world.foreign)
        return portSets.ranges(ports);
      const offered = nodePorts(index, source.node).map(({ protocol, port }) => ({
        protocol,
        first: port,
        last: port,
      }));
      return portSets.ranges(intersection(ports, portSets.of(offered)));
    },
  };
}
