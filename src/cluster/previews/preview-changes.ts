import type { Observations } from '../../api/observations/observation.ts';
import type { Change } from '../../defence/defence.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Lookup } from '../../server/server.ts';

/** What changes would do to this cluster, as it is now and by what was observed in it. */
export type PreviewChanges = (changes: Change[], lookup: Lookup) => Promise<Foreseen>;

export type Foreseen = {
  /** A sentence for each subject that would break. */
  broken: string[];
  /** How many may break, without anything observed that tells. */
  unknown: number;
};

/** Previews within the API server's process. The defence room is large: it is loaded when it is first asked. */
export const createPreviewChanges =
  (observations: () => Observations, clock: Clock): PreviewChanges =>
  async (changes, lookup) => {
    const { preview, subjectText } = await import('../../defence/defence.ts');
    const { snapshotOf } = await import('./snapshot.ts');
    const { impacts } = preview(snapshotOf(lookup, clock.now()), changes, observations(), clock.now());
    return {
      broken: impacts
        .filter(({ outcome }) => outcome === 'breaks')
        .map(({ subject, why }) => `${subjectText(subject)}: ${why}`),
      unknown: impacts.filter(({ outcome }) => outcome === 'unknown').length,
    };
  };
