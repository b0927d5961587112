import type { Clock } from './clock.ts';

/**
 * Works, and again after the pause in milliseconds that the work resolves to, until the returned function is called.
 * Rounds never overlap. The first begins after `firstMs`, at once by default. The work must not reject.
 */
export function repeat(clock: Clock, work: () => Promise<number>, firstMs = 0): () => void {
  let stopped = false;
  let cancel = () => {};
  const round = async () => {
    const pauseMs = await work();
    if (!stopped) cancel = clock.after(pauseMs, () => void round());
  };
  if (firstMs === 0) void round();
  else cancel = clock.after(firstMs, () => void round());
  return () => {
    stopped = true;
    cancel();
  };
}
