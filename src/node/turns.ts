import type { Clock } from '../foundation/clock.ts';
import { createPlaces } from './places.ts';

/** More than the containers of a full node. */
const waitingMax = 2000;

/**
 * Lets at most `placesMax` works run at once, the others in order of arrival. One that takes longer than `placeMsMax` goes
 * on without its place: a few that hang must not hold up all others.
 */
export function createTurns(
  placesMax: number,
  placeMsMax: number,
  clock: Pick<Clock, 'after'>,
): <T>(work: () => Promise<T>) => Promise<T> {
  const places = createPlaces('starts', placesMax, waitingMax);
  return async (work) => {
    const leave = await places.enter();
    const cancel = clock.after(placeMsMax, leave);
    try {
      return await work();
    } finally {
      cancel();
      leave();
    }
  };
}
