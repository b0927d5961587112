import type { Window } from './observation.ts';

/**
 * Of each type; beyond it the oldest of whoever has most is forgotten, which makes what it covered unknown again: nobody
 * makes it unknown what others watched.
 */
export const windowsMax = 200;

/**
 * Adds what was watched to what was watched before: a window of the same source that ends at most `gapMaxMs` before
 * is continued, since what was watched reports in intervals; else there was a gap, and another window begins.
 */
export function withWindow(windows: Window[], added: Window, gapMaxMs: number): Window[] {
  let whole = added;
  const others: Window[] = [];
  for (const window of windows) {
    const touches =
      window.source === whole.source &&
      window.toMs + gapMaxMs >= whole.fromMs &&
      whole.toMs + gapMaxMs >= window.fromMs;
    if (!touches) others.push(window);
    else
      whole = {
        source: whole.source,
        fromMs: Math.min(window.fromMs, whole.fromMs),
        toMs: Math.max(window.toMs, whole.toMs),
        lost: Math.min(window.lost + whole.lost, Number.MAX_SAFE_INTEGER),
      };
  }
  const all = [...others, whole].sort((a, b) => a.toMs - b.toMs);
  return all.length > windowsMax ? all.toSpliced(oldestOfLargest(all), 1) : all;
}

function oldestOfLargest(windows: Window[]): number {
  const bySource = Map.groupBy(windows, ({ source }) => source);
  const [largest] = [...bySource.values()].sort((a, b) => b.length - a.length);
  return windows.indexOf(largest![0]!);
}
