import type { Window } from '../../api/observations/observation.ts';

const dayMs = 24 * 3600 * 1000;
/** Shorter than this, and what happens once a week was hardly seen: enough to say so. */
const shortMs = 7 * dayMs;

/** `3 d`, `5 h`, `2 min`, `90 s`. */
export function spanText(ms: number): string {
  const [unitMs, unit] =
    ms >= 2 * dayMs
      ? [dayMs, 'd']
      : ms >= 2 * 3_600_000
        ? [3_600_000, 'h']
        : ms >= 120_000
          ? [60_000, 'min']
          : [1000, 's'];
  return `${Math.floor(ms / unitMs)} ${unit}`;
}

/** How long somebody watched in all, without the gaps in between; undefined: nobody did. */
export function watchedMs(windows: Window[]): number | undefined {
  if (windows.length === 0) return undefined;
  let [sumMs, untilMs] = [0, Number.NEGATIVE_INFINITY];
  for (const { fromMs, toMs } of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    sumMs += Math.max(0, toMs - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, toMs);
  }
  return sumMs;
}

/** `not seen in 3 d of watching`, or that nobody watched. */
export function unseenText(windows: Window[]): string {
  const ms = watchedMs(windows);
  if (ms === undefined) return 'nobody watched, so nothing says that it is not used';
  const short = ms < shortMs ? ': what happens once a week may lie outside' : '';
  return `not seen in ${spanText(ms)} of watching${short}`;
}
