import type { Flow, Observations, Window } from '../../api/observations/observation.ts';
import type { Client } from '../../client/client.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { askCluster } from '../live-source.ts';
import { type Imported, importObservations, mergeObservations } from './import.ts';
import { readLiveObservations } from './live.ts';

export type ObserveOptions = { files: string[]; kubeconfig?: string; context?: string; nowMs: number };

/** What was seen: in the files, or where there are none, in the cluster. Throws UsageError for what cannot be read. */
export async function observe(options: ObserveOptions): Promise<{ observations: Observations; imported: Imported[] }> {
  const { files, nowMs } = options;
  const imported: Imported[] = [];
  for (const file of files) imported.push(await importObservations(file, nowMs));
  if (imported.length > 0)
    return { observations: mergeObservations(imported.map(({ observations }) => observations)), imported };
  return askCluster(options, async (client) => {
    const { observations, why } = await readLiveObservations(client, {}, nowMs);
    if (why !== undefined) throw new UsageError(why);
    return { observations, imported };
  });
}

export type DropOptions = Pick<ObserveOptions, 'kubeconfig' | 'context'> & {
  namespace?: string;
  now(): number;
  /** Present: also those to come are told. Resolves when it is time to ask again, to false when it is enough. */
  next?(): Promise<boolean>;
};

/** Calls back for every dropped flow, oldest first. Resolves to the windows in which flows were watched. */
export const followDrops = (options: DropOptions, onDrop: (flow: Flow) => void): Promise<Window[]> =>
  askCluster(options, (client) => tellDrops(client, options, onDrop));

async function tellDrops(client: Client, options: DropOptions, onDrop: (flow: Flow) => void): Promise<Window[]> {
  const { now, next, namespace } = options;
  const told = new Map<string, number>();
  let sinceMs = 0;
  do {
    const selection = { sinceMs, fieldSelector: 'type=flows,allowed=false', namespace };
    const { observations, why } = await readLiveObservations(client, selection, now());
    if (why !== undefined) throw new UsageError(why);
    const flows = observations.flows.toSorted((a, b) => a.lastMs - b.lastMs);
    for (const flow of flows.filter((flow) => isNew(told, flow))) onDrop(flow);
    // What is told late is of the last minutes: a node may have been cut off from the API.
    sinceMs = Math.max(sinceMs, now() - lateMs);
  } while ((await next?.()) === true);
  const { observations } = await readLiveObservations(client, { fieldSelector: 'type=window' }, now());
  return observations.windows.flows;
}

const lateMs = 15 * 60_000;
const toldMax = 10_000;

/** Once more when it happened again. */
function isNew(told: Map<string, number>, { from, to, protocol, port, drop, count }: Flow): boolean {
  const key = JSON.stringify([from, to, protocol, port, drop?.side]);
  if (told.get(key) === count) return false;
  told.delete(key);
  told.set(key, count);
  const [oldest] = told.keys();
  if (told.size > toldMax) told.delete(oldest!);
  return true;
}
