import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { engine } from '../api/admission-policy/engine.ts';
import { openEngine } from '../store/store.ts';
import { layout, readServerConfiguration } from './configuration.ts';

/** Loads what a process runs, also what it loads later, so that it is in Node's compile cache, and does nothing with it. */
export async function warm(name: 'server' | 'agent', dataDirectory: string): Promise<void> {
  if (name === 'agent') {
    await import('./agent/agent-process.ts');
    return;
  }
  await Promise.all([
    ...[import('./server/server-process.ts'), import('./control-plane/reactors.ts')],
    ...[import('../defence/defence.ts'), import('./previews/snapshot.ts')],
  ]);
  // Each part of it is loaded when it is read.
  Object.values(engine);
  const configuration = readServerConfiguration(dataDirectory);
  if (configuration) await warmStore(layout(configuration).server);
}

/** The engine and its worker thread are loaded by opening a store. */
async function warmStore(place: string): Promise<void> {
  const directory = mkdtempSync(join(place, 'warm-'));
  try {
    const engine = await openEngine({ engine: 'sqlite', path: join(directory, 'store.db') });
    await engine.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
}
