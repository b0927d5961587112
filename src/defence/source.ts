import { noObservations, type Observations } from '../api/observations/observation.ts';
import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import { createClient } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { createHttpsTransport } from '../client/https-transport.ts';
import { type Context, defaultKubeconfigPaths, loadKubeconfig } from '../client/kubeconfig.ts';
import type { Transport } from '../client/transport.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { type Loaded, loadManifests } from './manifests/load.ts';
import { importObservations, mergeObservations } from './observations/import.ts';
import { readLiveObservations } from './observations/live.ts';
import { readCluster, unknownUser, unreachable } from './snapshot/cluster.ts';
import { createSnapshot, type Snapshot } from './snapshot/snapshot.ts';

/** The version that Rempart serves. */
export const newestMinor = 36;

/** A page of a list is far smaller; what is larger is asked for in smaller pages. */
const answerMaxBytes = 16 * 2 ** 20;

export type SourceOptions = {
  /** Folder, file or `-`: manifests. Without it a live cluster is read. */
  path?: string;
  /** Instead of $KUBECONFIG or ~/.kube/config. */
  kubeconfig?: string;
  /** Instead of the kubeconfig's current context. */
  context?: string;
  /** Minor version of Kubernetes 1 to judge for. */
  kubernetes?: number;
  /** Files of observations: flow logs, audit logs. */
  observations?: string[];
  nowMs: number;
};

/** What is judged, previewed or planned on. */
export type Source = {
  snapshot: Snapshot;
  /** Manifests with their files and lines. */
  loaded?: Loaded;
  /** The live cluster. */
  client?: Client;
  /** How it is reached. */
  connection?: Connection;
  observations: Observations;
  /** `cluster rempart at https://…`, or the folder. */
  about: string;
  close(): void;
};

/** Reads manifests or a live cluster. Throws UsageError for what cannot be read at all. */
export async function readSource(options: SourceOptions): Promise<Source> {
  const { path, kubeconfig, context } = options;
  if (path !== undefined && (kubeconfig !== undefined || context !== undefined))
    throw new UsageError(`either manifests (${path}) or a cluster (--kubeconfig, --context): not both`);
  return path === undefined ? readLive(options) : readManifests(path, options);
}

async function readManifests(path: string, options: SourceOptions): Promise<Source> {
  const { kubernetes, nowMs, observations: files } = options;
  const loaded = loadManifests(path);
  return {
    snapshot: snapshotOf(loaded, { minor: kubernetes ?? newestMinor, nowMs }),
    loaded,
    observations: await importAll(files, nowMs),
    about: path === '-' ? 'standard input' : path,
    close() {},
  };
}

/** Manifests do not say where they go: judged as for a cluster that is open by default, which most are. */
export const snapshotOf = ({ objects }: Loaded, { minor, nowMs }: { minor: number; nowMs: number }): Snapshot =>
  createSnapshot({
    source: 'manifests',
    closedByDefault: false,
    takenAtMs: nowMs,
    minor,
    objects: objects.map(({ object }) => object),
    unread: [],
  });

async function importAll(files: string[] | undefined, nowMs: number): Promise<Observations> {
  const parts = await Promise.all((files ?? []).map((file) => importObservations(file, nowMs)));
  return mergeObservations(parts.map(({ observations }) => observations));
}

async function readLive(options: SourceOptions): Promise<Source> {
  const { kubernetes, nowMs } = options;
  const { transport, connection, about } = openCluster(options);
  try {
    const client = createClient(transport);
    const imported = await importAll(options.observations, nowMs);
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
