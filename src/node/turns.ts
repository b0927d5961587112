import type { Clock } from '../foundation/clock.ts';

/**
 * Lets at most `placesMax` works run at once, the others in order of arrival. One that takes longer than `placeMsMax` goes
 * on without its place: a few that hang must not hold up all others.
 */
export function createTurns(
  placesMax: number,
  placeMsMax: number,
  clock: Pick<Clock, 'after'>,
): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  // The place is handed on, so that nobody can slip in between.
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else running--;
  };
  return async (work) => {
    if (running >= placesMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    let hasPlace = true;
    const leaveOnce = () => {
      if (hasPlace) leave();
      hasPlace = false;
    };
    const cancel = clock.after(placeMsMax, leaveOnce);
    try {
      return await work();
    } finally {
      cancel();
      leaveOnce();
    }
  };
}
