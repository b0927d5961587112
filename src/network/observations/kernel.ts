import type { Flow } from '../../api/observations/observation.ts';
import type { RunCommand } from '../command.ts';
import { elementsOf, listSet } from '../nft/dynamic.ts';
import type { NftTable } from '../nft/table.ts';
import { lostComment, type RecordedSet, recordedSets, recorder } from './recording.ts';

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
  const known = new Map<RecordedSet, Map<string, number>>();
  const lostBefore = new Map<RecordedSet, number>();
  let adopting = false;

  async function pollSet(set: RecordedSet, nowMs: number): Promise<Poll | undefined> {
    const listed = await listSet(run, table, set);
    if (listed === undefined) return undefined;
    const elements = elementsOf(listed);
    const before = known.get(set);
    const now = new Map<string, number>();
    const sightings: Sighting[] = [];
    for (const { parts, packets, ageSeconds } of elements) {
      const key = parts.join(' ');
      now.set(key, packets);
      const count = adopting ? 1 : newPackets(packets, before?.get(key));
      if (count > 0) sightings.push(sightingOf(set, parts, count, nowMs - ageSeconds * 1000));
    }
    known.set(set, now);
    return { sightings, lost: elements.length < recordedSets[set].size ? 0 : await newlyLost(set) };
  }

  /** Asked only where a set is full: nothing can be lost otherwise. */
  async function newlyLost(set: RecordedSet): Promise<number> {
    const { code, stdout } = await run('nft', ['-j', 'list', 'chain', table.family, table.name, recorder(set)]);
    if (code !== 0) return 0;
    const total = lostPackets(JSON.parse(stdout));
    const before = lostBefore.get(set) ?? 0;
    lostBefore.set(set, total);
    return newPackets(total, before);
  }

  return {
    adopt() {
      adopting = true;
    },
    async poll(nowMs) {
      const polls: Poll[] = [];
      for (const set of Object.keys(recordedSets) as RecordedSet[]) {
        const poll = await pollSet(set, nowMs);
        if (poll === undefined) return undefined;
        polls.push(poll);
      }
      adopting = false;
      return {
        sightings: polls.flatMap(({ sightings }) => sightings),
        lost: polls.reduce((sum, { lost }) => sum + lost, 0),
      };
    },
  };
}

/** An element that expired, and a rule that was made anew, count from nothing again. */
const newPackets = (now: number, before = 0): number => (now < before ? now : now - before);

function sightingOf(set: RecordedSet, parts: (string | number)[], count: number, lastMs: number): Sighting {
  const [from, to, protocol, port] = parts.slice(-4) as [string, string, string, number];
  return {
    outcome: recordedSets[set].outcome,
    ...(parts.length > 4 ? { interfaceName: String(parts[0]) } : {}),
    ...{ from, to, protocol: protocol.toUpperCase() as Flow['protocol'], port: Number(port), count, lastMs },
  };
}

type ListedRule = { rule?: { comment?: string; expr: { counter?: { packets: number } }[] } };

const lostPackets = ({ nftables }: { nftables: ListedRule[] }): number =>
  nftables
    .flatMap(({ rule }) => (rule?.comment === lostComment ? rule.expr : []))
    .reduce((sum, { counter }) => sum + (counter?.packets ?? 0), 0);
