import type { Node } from '../api/schema/types.d.ts';
import { isTrue } from '../reconcile/conditions.ts';

/** A node's pods are sent away this long after those of another node of its zone. */
const evictionEveryMs = 10_000;
/** The same in a large zone that is disrupted. In a smaller one nobody is sent away then. */
const disruptedEvictionEveryMs = 100_000;
/** Of the nodes of a zone that are not ready; fewer nodes than `disruptedMin` say nothing. */
const disruptedShare = 0.55;
const disruptedMin = 3;
const largeZoneMin = 51;

type Zone = { name: string; ready: Set<string>; unready: Set<string>; turn: { name: string; atMs: number } };

export const isReadyNode = ({ status }: Node): boolean => isTrue(status?.conditions, 'Ready');

const zoneNameOf = ({ metadata: { labels = {} } }: Node): string =>
  JSON.stringify([labels['topology.kubernetes.io/region'], labels['topology.kubernetes.io/zone']]);

const newZone = (name: string, nowMs: number): Zone => ({
  ...{ name, ready: new Set(), unready: new Set(), turn: { name: '', atMs: nowMs } },
});

/** Between evictions from two nodes of the zone, in milliseconds. */
function paceOf({ ready, unready }: Zone): number {
  const isDisrupted = unready.size >= disruptedMin && unready.size / (ready.size + unready.size) >= disruptedShare;
  // All of a zone may be lost: as long as others are there, its pods have somewhere to go.
  if (ready.size === 0 || !isDisrupted) return evictionEveryMs;
  return ready.size + unready.size >= largeZoneMin ? disruptedEvictionEveryMs : Infinity;
}

/**
 * How fast pods may be sent away from nodes that are not ready. When many nodes of a zone are lost at once, it is likely
 * the network, and when all are, likely we: pods that were sent away then would have nowhere to go, or run twice.
 * Times are those of a steady clock. https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction
 */
export function createZones() {
  const zones = new Map<string, Zone>();
  const zoneOf = new Map<string, Zone>();
  let readyNodes = 0;

  const unreadyOf = (some: Iterable<Zone>) => [...some].flatMap(({ unready }) => [...unready]);

  function leave(name: string): void {
    const zone = zoneOf.get(name);
    zoneOf.delete(name);
    if (zone?.ready.delete(name)) readyNodes--;
    zone?.unready.delete(name);
    if (zone && zone.ready.size + zone.unready.size === 0) zones.delete(zone.name);
  }

  function enter(name: string, node: Node, nowMs: number): void {
    const zone = zones.get(zoneNameOf(node)) ?? newZone(zoneNameOf(node), nowMs);
    zones.set(zone.name, zone);
    zoneOf.set(name, zone);
    if (isReadyNode(node)) readyNodes++;
    (isReadyNode(node) ? zone.ready : zone.unready).add(name);
  }

  return {
    /** Nobody is ready anywhere. */
    areAllDown: () => readyNodes === 0,

    /** A node as it is, undefined when it is gone. Returns the nodes whose turn now comes at another time. */
    note(name: string, node: Node | undefined, nowMs: number): string[] {
      const old = zoneOf.get(name);
      if (node && old === zones.get(zoneNameOf(node)) && old?.ready.has(name) === isReadyNode(node)) return [];
      const wereAllDown = readyNodes === 0;
      const paces = new Map([...zones.values()].map((zone) => [zone, paceOf(zone)]));
      leave(name);
      if (node) enter(name, node, nowMs);
      if (wereAllDown === (readyNodes === 0))
        return unreadyOf([...paces].flatMap(([zone, pace]) => (paceOf(zone) === pace ? [] : [zone])));
      // Whom we hear again is seldom alone: the others have as long as between two turns.
      if (wereAllDown) for (const zone of zones.values()) zone.turn = { name: '', atMs: nowMs };
      return unreadyOf(zones.values());
    },

    /** Milliseconds until pods may be sent away from this node, Infinity as things are; 0 takes the turn. */
    takeTurn(name: string, nowMs: number): number {
      const zone = zoneOf.get(name);
      if (zone === undefined || readyNodes === 0) return Infinity;
      if (zone.turn.name === name && nowMs - zone.turn.atMs < evictionEveryMs) return 0;
      const waitMs = Math.max(0, zone.turn.atMs + paceOf(zone) - nowMs);
      if (waitMs === 0) zone.turn = { name, atMs: nowMs };
      return waitMs;
    },
  };
}
