import type { Hop } from '../paths/graph.ts';
import type { Outcome } from '../preview/impact.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';

export type StepType = 'path' | 'policies' | 'roles' | 'findings';

/** One thing that could be done. */
export type Candidate = {
  type: StepType;
  /** What to do: one sentence for each object that changes. */
  what: string[];
  /** Why: the worst path that it closes, or the findings that it mends. */
  why: string[];
  /** Points of risk, or of findings, that are gone with it. */
  removes: number;
  /** What is known of its use without a preview: `no flows to it were seen`. */
  uses: string[];
  /** Some of it is to be made by hand. */
  byHand: boolean;
  /** The user or service account that loses a binding, and nothing else happens. */
  unbinds?: string;
  /** The hops that it takes out of the graph, where that is all it does. */
  hops?: Hop[];
  /** The objects after it, on what the steps before it left. */
  make(snapshot: Snapshot): Change[];
};

/** A candidate at its place in the plan, with what it would break. */
export type PlanStep = Omit<Candidate, 'make' | 'hops' | 'unbinds'> & {
  /** Empty: by hand. */
  changes: Change[];
  /** How much of it breaks, and what is unknown of it. */
  preview?: { counts: Record<Outcome, number>; notAssessed: string[]; breaks: string[] };
  /** The file that it was written to, and the command that makes the change. */
  file?: string;
  command?: string;
};
