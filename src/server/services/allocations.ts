import type { Service } from '../../api/schema/types.d.ts';
import type { Lookup } from '../contracts.ts';

type Spec = NonNullable<Service['spec']>;

/** A cluster address or a node port. */
export type Allocated = string | number;

export type Allocations = {
  /** The `namespace/name` of the service that has it, or undefined. */
  holder(what: Allocated): string | undefined;
  /** Gives it to a service. False when it is another's. A dry run takes nothing. */
  take(what: Allocated, by: string, dryRun: boolean): boolean;
  /** What a service had asked for and does not keep is free at once, for its successor. */
  release(by: string, kept: (Allocated | undefined)[]): void;
};

/** What was given out and may not be visible in the store yet is kept from others for this long. */
const reservedMs = 10_000;

/** Which service has which address and which port: the stored services tell, and what was taken in the last seconds. */
export function createAllocations(lookup: Lookup, nowMs: () => number): Allocations {
  const reserved = new Map<Allocated, { by: string; untilMs: number }>();
  let stored: { version: number; holders: Map<Allocated, string> } | undefined;

  function holders(): Map<Allocated, string> {
    const version = lookup.version('services');
    if (stored?.version !== version) {
      stored = { version, holders: holdersAmong(lookup.list('services') as unknown as Service[]) };
      for (const [what, { untilMs }] of reserved) if (untilMs < nowMs()) reserved.delete(what);
    }
    return stored.holders;
  }

  function holder(what: Allocated): string | undefined {
    const owner = holders().get(what);
    if (owner !== undefined) return owner;
    const kept = reserved.get(what);
    return kept === undefined || kept.untilMs < nowMs() ? undefined : kept.by;
  }

  return {
    holder,
    take(what, by, dryRun) {
      const owner = holder(what);
      if (owner !== undefined && owner !== by) return false;
      if (!dryRun) reserved.set(what, { by, untilMs: nowMs() + reservedMs });
      return true;
    },
    release(by, kept) {
      for (const [what, { by: owner }] of reserved) if (owner === by && !kept.includes(what)) reserved.delete(what);
    },
  };
}

function holdersAmong(services: Service[]): Map<Allocated, string> {
  const holders = new Map<Allocated, string>();
  for (const { metadata, spec } of services) {
    const by = `${metadata?.namespace}/${metadata?.name}`;
    for (const what of given(spec ?? {})) if (what) holders.set(what, by);
  }
  return holders;
}

/** All that a service has. */
export const given = ({ clusterIPs = [], ports = [], healthCheckNodePort }: Spec): (Allocated | undefined)[] => [
  ...clusterIPs,
  ...ports.map(({ nodePort }) => nodePort),
  healthCheckNodePort,
];
