import type { Flow } from '../../api/observations/observation.ts';
import type { RunCommand } from '../command.ts';
import { elementsOf, listSet } from '../nft/dynamic.ts';
import type { NftTable } from '../nft/table.ts';
import { elementSeconds, lostCounter, type RecordedSet, recordedCounter, recordedSets } from './recording.ts';

/** Connections between two addresses that were let through (`seen`) or dropped, and by whose rules. */
export type Sighting = {
  outcome: 'seen' | 'egress' | 'ingress' | 'source';
  /** Where a packet with another's address came in. */
  interfaceName?: string;
  from: string;
  to: string;
  protocol: Flow['protocol'];
  port: number;
  count: number;
  lastMs: number;
  /** Not among what the kernel held before. */
  isFirst: boolean;
};

/** What happened since the poll before. `lost`: connections that found no room in a set. */
export type Poll = { sightings: Sighting[]; lost: number };

export type KernelReader = {
  /** What stands in the sets at the next poll was seen before this process began: how often is not known, so once. */
  adopt(): void;
  /** Undefined while the kernel has no such table. */
  poll(nowMs: number): Promise<Poll | undefined>;
};

/** Reads the sets of recording.ts and tells what is new in them. */
export function createKernelReader(run: RunCommand, table: Pick<NftTable, 'family' | 'name'>): KernelReader {
  const known = new Map<RecordedSet, Map<string, Known>>();
  let countersBefore = new Map<string, number>();
  let adopting = false;

  /** One program for all: a node where nothing moves costs no more. */
  async function readCounters(): Promise<Map<string, number> | undefined> {
    const { code, stdout } = await run('nft', ['-j', 'list', 'counters', 'table', table.family, table.name]);
    if (code !== 0) return undefined;
    const { nftables }: { nftables: { counter?: { name: string; packets: number } }[] } = JSON.parse(stdout);
    return new Map(nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])));
  }

  async function readSet(set: RecordedSet, nowMs: number): Promise<Sighting[]> {
    const listed = await listSet(run, table, set);
    if (listed === undefined) return [];
    const before = known.get(set);
    const now = new Map<string, Known>();
    const sightings: Sighting[] = [];
    for (const { parts, packets, ageSeconds } of elementsOf(listed)) {
      const key = parts.join(' ');
      const lastMs = nowMs - ageSeconds * 1000;
      now.set(key, { packets, lastMs });
      const earlier = before?.get(key);
      const count = adopting ? 1 : newConnections({ packets, lastMs }, earlier);
      if (count > 0) sightings.push({ ...sightingOf(set, parts, count, lastMs), isFirst: earlier === undefined });
    }
    known.set(set, now);
    return sightings;
  }

  return {
    adopt() {
      adopting = true;
    },
    async poll(nowMs) {
      const counters = await readCounters();
      if (counters === undefined) return undefined;
      const sets = Object.keys(recordedSets) as RecordedSet[];
      const moved = (name: string) => newPackets(counters.get(name) ?? 0, countersBefore.get(name));
      const changed = sets.filter((set) => adopting || moved(recordedCounter(set)) > 0);
      const lost = sets.reduce((sum, set) => sum + moved(lostCounter(set)), 0);
      const sightings: Sighting[] = [];
      for (const set of changed) sightings.push(...(await readSet(set, nowMs)));
      countersBefore = counters;
      adopting = false;
      return { sightings, lost };
    },
  };
}

type Known = { packets: number; lastMs: number };

/** An element that was seen again without having counted on is another: the one before had expired. */
function newConnections(now: Known, before: Known | undefined): number {
  const isAnother = before !== undefined && now.packets <= before.packets && now.lastMs > before.lastMs + elementMs / 2;
  return isAnother ? now.packets : newPackets(now.packets, before?.packets);
}
const elementMs = elementSeconds * 1000;

/** A table that was made anew counts from nothing again. */
const newPackets = (now: number, before = 0): number => (now < before ? now : now - before);

function sightingOf(
  set: RecordedSet,
  parts: (string | number)[],
  count: number,
  lastMs: number,
): Omit<Sighting, 'isFirst'> {
  const [from, to, protocol, port] = parts.slice(-4) as [string, string, string, number];
  return {
    outcome: recordedSets[set].outcome,
    ...(parts.length > 4 ? { interfaceName: String(parts[0]) } : {}),
    ...{ from, to, protocol: protocol.toUpperCase() as Flow['protocol'], port: Number(port), count, lastMs },
  };
}
