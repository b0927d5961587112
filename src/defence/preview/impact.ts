import type { Seen, Window } from '../../api/observations/observation.ts';
import type { ObjectRef } from '../object-ref.ts';
import type { Change } from '../snapshot/snapshot.ts';

/**
 * Worst first. `opens`: refused until now and allowed from then on: nothing breaks, but somebody must have wanted it.
 * `unknown`: it may break, and nothing that was watched says that it does not. `changes`: it is let in as something else
 * than what was sent.
 */
export const outcomes = ['breaks', 'opens', 'unknown', 'changes', 'safe'] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * What a change touches: something that lives, something that a controller will make, something that was seen, or what
 * nobody was seen to use: connections between workloads (`reach`) and rights of a user.
 */
export type ImpactSubject =
  | { type: 'object' | 'template'; ref: ObjectRef }
  | { type: 'flow' | 'call' | 'address' | 'reach' | 'rights'; text: string };

/** The smallest change that would make a broken subject safe, as a sentence and as objects to apply. */
export type Allowance = { text: string; changes: Change[] };

/** What one change does to one subject. */
export type Impact = {
  outcome: Outcome;
  subject: ImpactSubject;
  /** Why, as a sentence with field and value. */
  why: string;
  /** The objects that decide it: `NetworkPolicy shop/database`. */
  by: string[];
  /** Present for what was observed. */
  seen?: Seen;
  /** Checked: with it the subject is not broken. */
  allowance?: Allowance;
};

/** What was looked at, so that nothing left out is taken for safe. */
export type PreviewCoverage = {
  /** Per type of subject, how many were judged: `{ object: 12, template: 4, flow: 31 }`. */
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
