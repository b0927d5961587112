import type { Clock } from '../foundation/clock.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { defaultLimits, type Limits } from './group-commit.ts';

export * from './encryption.ts';
export * from './engine.ts';

export type StoreOptions = EngineOptions &
  Partial<Limits> & { clock?: Clock } & ({ engine: 'memory' } | { engine: 'sqlite'; path: string });

/** Opens a store; limits that are not given are `defaultLimits`. Engines are loaded only when they are asked for. */
export async function openEngine(options: StoreOptions): Promise<Engine> {
  const complete = { ...defaultLimits, ...options };
  if (options.engine === 'memory') return (await import('./engines/memory.ts')).openMemory(complete);
  return (await import('./engines/sqlite.ts')).openSqlite(options.path, complete);
}
