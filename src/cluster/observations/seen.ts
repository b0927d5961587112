import { createCollection, observationsOf } from '../../api/observations/collection.ts';
import type { Line } from '../../api/observations/lines.ts';
import type { Observations, ObservationType, Observed, Window } from '../../api/observations/observation.ts';
import { noObservations, observationTypes } from '../../api/observations/observation.ts';
import { withWindow } from '../../api/observations/windows.ts';

/** Reports follow each other without a gap; clocks of two processes differ by a little. */
const gapMsMax = 2000;

/** What was observed, and through which windows of time somebody looked: one means little without the other. */
export function createSeen() {
  const collection = createCollection();
  const { windows } = noObservations();

  return {
    collection,
    /** Adds what was seen through a window. What it pushes out to make room counts as lost. */
    add<Type extends ObservationType>(type: Type, list: Iterable<Observed[Type]>, window: Window): void {
      let { lost } = window;
      for (const observed of list) lost += collection.add(type, observed);
      windows[type] = withWindow(windows[type], { ...window, lost }, gapMsMax);
    },
    /** What an earlier process kept: of the time since then nothing is known. */
    restore(lines: Line[]): void {
      for (const line of lines)
        if (line.type === 'window') windows[line.of] = withWindow(windows[line.of], line.window, 0);
        else collection.add(line.type, line.observed as never);
    },
    forget(beforeMs: number): void {
      collection.forget(beforeMs);
      for (const type of observationTypes)
        windows[type] = windows[type]
          .filter(({ toMs }) => toMs >= beforeMs)
          .map((window) => ({ ...window, fromMs: Math.max(window.fromMs, beforeMs) }));
    },
    observations: (): Observations => observationsOf(collection, windows),
  };
}
