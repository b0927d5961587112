import type { Observations } from '../../api/observations/observation.ts';
import type { Change, Preview } from '../../defence/defence.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Lookup } from '../../server/server.ts';

/** What changes would do to this cluster, as it is now and by what was observed in it. */
export type PreviewChanges = (changes: Change[], lookup: Lookup) => Promise<Foreseen>;

export type Foreseen = {
  preview: Preview;
  /** A sentence for each subject that would break. */
  broken: string[];
  /** How many may break, without anything observed that tells. */
  unknown: number;
  /** Since when was watched what this rests on. */
  sinceMs?: number;
};

/** Previews within the API server's process. The defence room is large: it is loaded when it is first asked. */
export const createPreviewChanges =
  (observations: () => Observations, clock: Clock): PreviewChanges =>
  async (changes, lookup) => {
    const { preview, subjectText } = await import('../../defence/defence.ts');
    const { snapshotOf } = await import('./snapshot.ts');
    const told = preview(snapshotOf(lookup, clock.now()), changes, observations(), clock.now());
    const { impacts, coverage } = told;
    const sinceMs = Math.min(...coverage.windows.map(({ fromMs }) => fromMs));
    return {
      preview: told,
      broken: impacts
        .filter(({ outcome }) => outcome === 'breaks')
        .map(({ subject, why }) => `${subjectText(subject)}: ${why}`),
      unknown: impacts.filter(({ outcome }) => outcome === 'unknown').length,
      ...(Number.isFinite(sinceMs) ? { sinceMs } : {}),
    };
  };
