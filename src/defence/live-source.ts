import { noObservations, type Observations } from '../api/observations/observation.ts';
import { ApiError } from '../api/status.ts';
import { type Client, createClient } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { createHttpsTransport } from '../client/https-transport.ts';
import { type Context, defaultKubeconfigPaths, loadKubeconfig } from '../client/kubeconfig.ts';
import type { Transport } from '../client/transport.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { importAll, mergeObservations } from './observations/import.ts';
import { readLiveObservations } from './observations/live.ts';
import { readCluster, unknownUser, unreachable } from './snapshot/cluster.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import type { Source, SourceOptions } from './source.ts';

/** A page of a list is far smaller; what is larger is asked for in smaller pages. */
const answerMaxBytes = 16 * 2 ** 20;

/** Reads the cluster that a kubeconfig names, with what was seen of it. */
export async function readLive(options: SourceOptions): Promise<Source> {
  const { kubernetes, nowMs } = options;
  const { transport, connection, about } = openCluster(options);
  try {
    const client = createClient(transport);
    const imported = await importAll(options.observations ?? [], nowMs);
    const snapshot = await readCluster(transport, { nowMs, minor: kubernetes });
    const observations = await observationsOf(client, snapshot, nowMs);
    return {
      ...{ snapshot, about, observations: mergeObservations([observations, imported]), client, connection },
      close: () => transport.close(),
    };
  } catch (error) {
    transport.close();
    throw error instanceof UsageError ? new UsageError(`${about}: ${error.message}`) : error;
  }
}

/** Only a cluster of Rempart observes; what cannot be read has no window, and so is unknown to whoever asks. */
async function observationsOf(client: Client, snapshot: Snapshot, nowMs: number): Promise<Observations> {
  if (!snapshot.closedByDefault) return noObservations();
  const { observations } = await readLiveObservations(client, {}, nowMs).catch(() => ({
    observations: noObservations(),
  }));
  return observations;
}

/** A way to the cluster that a kubeconfig names. */
function openCluster({ kubeconfig, context }: Pick<SourceOptions, 'kubeconfig' | 'context'>) {
  const { name, connection } = loadContext(kubeconfig, context);
  const about = `cluster ${name} at ${connection.server}`;
  return { transport: openTransport(connection, about), connection, about };
}

/** Asks that cluster something. What keeps it from answering is the user's to mend: UsageError, which says where. */
export async function askCluster<T>(
  options: Pick<SourceOptions, 'kubeconfig' | 'context'>,
  ask: (client: Client) => Promise<T>,
): Promise<T> {
  const { transport, about } = openCluster(options);
  try {
    return await ask(createClient(transport));
  } catch (error) {
    throw new UsageError(`${about}: ${whyNoAnswer(error as Error)}`, { cause: error });
  } finally {
    transport.close();
  }
}

function whyNoAnswer(error: Error): string {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof ApiError)) return unreachable(error);
  return error.reason === 'Unauthorized' ? unknownUser : error.message;
}

/** Reads certificates and logs in: whatever cannot be is the user's to mend. */
function openTransport(connection: Connection, about: string): Transport {
  try {
    return createHttpsTransport(connection, { userAgent: 'rempart', bodyMaxBytes: answerMaxBytes });
  } catch (error) {
    throw new UsageError(`${about}: ${(error as Error).message}`);
  }
}

function loadContext(kubeconfig: string | undefined, context: string | undefined): Context {
  const paths = kubeconfig === undefined ? defaultKubeconfigPaths() : [kubeconfig];
  try {
    return loadKubeconfig(paths, context);
  } catch (error) {
    const hint =
      kubeconfig === undefined ? '; name one with --kubeconfig, or manifests where the command takes them' : '';
    throw new UsageError(`kubeconfig: ${(error as Error).message}${hint}`);
  }
}
