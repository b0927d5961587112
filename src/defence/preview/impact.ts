import type { Seen, Window } from '../observations/observation.ts';
import type { Change, ObjectRef } from '../snapshot/snapshot.ts';

export const outcomes = ['breaks', 'unknown', 'safe'] as const;
export type Outcome = (typeof outcomes)[number];

/** What a change touches: something that lives, something that a controller will make, or something that was seen. */
export type Subject =
  | { type: 'object' | 'template'; ref: ObjectRef }
  | { type: 'flow' | 'call' | 'address'; text: string };

/** The smallest change that would make a broken subject safe, as a sentence and as objects to apply. */
export type Allowance = { text: string; changes: Change[] };

/** What one change does to one subject. */
export type Impact = {
  outcome: Outcome;
  subject: Subject;
  /** Why, as a sentence with field and value. */
  why: string;
  /** The objects that decide it: `NetworkPolicy.networking.k8s.io shop/database`. */
  by: string[];
  /** Present for what was observed. */
  seen?: Seen;
  allowance?: Allowance;
};

/** What was looked at, so that nothing left out is taken for safe. */
export type PreviewCoverage = {
  /** Per type of impact, how much was judged: `{ objects: 12, templates: 4, flows: 31, calls: 0 }`. */
  judged: Record<string, number>;
  windows: Window[];
  /** What could not be judged, with why: kinds that were not read, flows that nobody watched. */
  notAssessed: string[];
};

export type Preview = {
  changes: Change[];
  /** Worst first. */
  impacts: Impact[];
  coverage: PreviewCoverage;
  /** Applied in this order, these changes put everything back. */
  undo: Change[];
};
