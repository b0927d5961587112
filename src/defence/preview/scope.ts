import type { Observations, ObservationType } from '../../api/observations/observation.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';
import type { SnapshotWorld } from '../snapshot/world.ts';
import type { Impact, ImpactSubject } from './impact.ts';

/** All that the preview of a change may know. */
export type Scope = {
  before: Snapshot;
  /** With the changes, and with what controllers make of them. */
  after: Snapshot;
  changes: Change[];
  observations: Observations;
  nowMs: number;
  /** Both snapshots as the policy evaluator sees them; made when first asked for. */
  worlds(): { before: SnapshotWorld; after: SnapshotWorld };
};

export type Judged = {
  impacts: Impact[];
  /** How many subjects were looked at, those that nothing changes for included. */
  judged: Partial<Record<ImpactSubject['type'], number>>;
  /** What was watched and counts here. */
  watched?: ObservationType[];
  notAssessed?: string[];
};

/** One kind of change: which changes it is about, and what they do. Pure; docs/recipes/preview-a-change.md. */
export type Previewer = {
  name: string;
  concerns(change: Change, before: Snapshot): boolean;
  /** It looks at one side only of this change, which that alone does not judge. */
  partial?(change: Change): boolean;
  impacts(scope: Scope): Judged;
};
