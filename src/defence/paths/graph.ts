import { UsageError } from '../../foundation/usage-error.ts';
import type { Manifest } from '../contract.ts';
import type { ObjectRef } from '../object-ref.ts';

export type PlaceType =
  | 'internet'
  | 'workload'
  | 'account'
  | 'user'
  | 'group'
  | 'secret'
  | 'node'
  | 'cluster-admin'
  /** A role held in a namespace or everywhere, a right in one, a class of the network: what hops share. */
  | 'between';

/** Somewhere an intruder can be: in a pod, as a user, in possession of a secret. */
export type Place = { index: number; id: string; type: PlaceType; text: string; ref?: ObjectRef };

/** An object as it will be; undefined: gone. Several edits of one object are made one after another. */
export type Edit = { target: ObjectRef; to(object: Manifest | undefined): Manifest | undefined };

/** What somebody could change so that a hop is gone. */
export type Lever = {
  /** `take ServiceAccount shop/api out of RoleBinding shop/api`. */
  text: string;
  /** The change of the one object that it is about; undefined: it is to be made by hand. */
  edit?: Edit;
  type: 'binding' | 'rule' | 'token' | 'pod' | 'part' | 'policy' | 'exposure' | 'namespace';
  /** What is touched: the subject of a binding or token, the workload of a policy. */
  about: string;
};

/** One step from place to place. */
export type Hop = {
  from: number;
  to: number;
  /** How hard it is: see `costs`. */
  cost: number;
  /** As a sentence whose subject is the place where it starts: `reads the token at …`. */
  why: string;
  /** The objects that make it possible. */
  by: ObjectRef[];
  /** Each lever stands on exactly one hop; without one the hop is in the nature of things. */
  lever?: Lever;
};

export type Graph = {
  places: Place[];
  /** Hops that begin at each place, and those that end there. */
  out: Hop[][];
  into: Hop[][];
  find(id: string): Place | undefined;
};

export type GraphBuilder = Graph & {
  /** The place of this id, made when it is not there yet. */
  place(id: string, type: PlaceType, text: string, ref?: ObjectRef): Place;
  /** Of several hops between the same places that no lever parts, the first of the lowest cost stays. */
  hop(from: Place, to: Place, hop: Omit<Hop, 'from' | 'to'>): void;
};

/** How hard each kind of hop is, as the number of its steps that need luck or skill: the one table of weights. */
export const costs = {
  /** It is so by definition: a member of a group, the holder of a role. */
  given: 0,
  /** One command, with what is at hand. */
  command: 1,
  /** Some knowledge or waiting: another object must be made or used first. */
  several: 2,
  /** Only when others act as well: what is intercepted must be written, a pod must be scheduled beside. */
  waiting: 3,
  /** A flaw in what listens there must be found and used. */
  flaw: 5,
  /** The same, from a network that is not known to be open to the Internet. */
  flawNearby: 7,
} as const;

/** Far above what ten thousand pods need; a cluster made to fill our memory ends here. */
const hopsMax = 10_000_000;

/** Throws UsageError beyond so many hops. */
export function createGraph(limit = hopsMax): GraphBuilder {
  let count = 0;
  const places: Place[] = [];
  const out: Hop[][] = [];
  const into: Hop[][] = [];
  const byId = new Map<string, Place>();
  const between = new Map<number, Hop>();
  return {
    ...{ places, out, into },
    find: (id) => byId.get(id),
    place(id, type, text, ref) {
      let found = byId.get(id);
      if (found === undefined) {
        found = { index: places.length, id, type, text, ...(ref ? { ref } : {}) };
        places.push(found);
        out.push([]);
        into.push([]);
        byId.set(id, found);
      }
      return found;
    },
    hop(from, to, hop) {
      if (from === to) return;
      const key = from.index * 2 ** 26 + to.index;
      const known = hop.lever === undefined ? between.get(key) : undefined;
      if (known !== undefined) {
        if (hop.cost < known.cost) Object.assign(known, hop);
        return;
      }
      if (++count > limit) throw new UsageError(`more than ${limit} hops between places: judge a part of it`);
      const made: Hop = { from: from.index, to: to.index, ...hop };
      if (hop.lever === undefined) between.set(key, made);
      out[from.index]!.push(made);
      into[to.index]!.push(made);
    },
  };
}
