import type { Clock } from '../../foundation/clock.ts';
import type { Engine, EngineOptions } from '../engine.ts';
import { createEngine, type Limits } from '../group-commit.ts';
import { createHistory } from '../model/history.ts';

/** Everything is gone with the process: for tests, simulations and `rempart dev`. */
export function openMemory(options: EngineOptions & Limits & { clock?: Clock }): Engine {
  const history = createHistory(options.stamp ?? ((value) => value));
  const nothing = async () => {};
  const [write, trim, rewrite, scrub, close] = [nothing, nothing, nothing, nothing, nothing];
  const journal = { write, trim, rewrite, scrub, close, sizeBytes: history.bytes };
  return createEngine(history, journal, options);
}
