import type { Clock } from '../../foundation/clock.ts';
import type { Reading } from './read.ts';

/** `cpuNanocores` is the rate lately. */
export type Usage = Reading & { cpuNanocores: number };

/** A rate needs two readings: an older one than this says nothing about now. */
const windowMs = 120_000;
/** Closer together, readings say little: the older one is kept. */
const apartMsMin = 1000;
const readingsMax = 10_000;

/** Remembers the last reading under each key, to say how fast it grows. */
export function createRates(clock: Clock) {
  const before = new Map<string, Reading>();
  const isFresh = (key: string) => clock.now() - (before.get(key)?.atMs ?? 0) < windowMs;

  function rate(key: string, reading: Reading): Usage {
    const last = before.get(key);
    if (last === undefined || reading.atMs - last.atMs >= apartMsMin || !isFresh(key)) before.set(key, reading);
    if (before.size > readingsMax) before.delete(before.keys().next().value!);
    const elapsedMs = reading.atMs - (last?.atMs ?? reading.atMs);
    const used = reading.cpuNanoseconds - (last?.cpuNanoseconds ?? 0);
    return { ...reading, cpuNanocores: elapsedMs > 0 ? Math.max(Math.round((used * 1000) / elapsedMs), 0) : 0 };
  }
  return { rate, isFresh };
}
