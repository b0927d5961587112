import { noObservations, type Observations } from '../api/observations/observation.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { type Loaded, loadManifests } from './manifests/load.ts';
import { createSnapshot, type Snapshot } from './snapshot/snapshot.ts';

/** The version that Rempart serves. */
export const newestMinor = 36;

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

/**
 * Reads manifests or a live cluster. Throws UsageError for what cannot be read at all. What reads a cluster is loaded for
 * that: manifests need neither TLS nor kubeconfigs.
 */
export async function readSource(options: SourceOptions): Promise<Source> {
  const { path, kubeconfig, context } = options;
  if (path !== undefined && (kubeconfig !== undefined || context !== undefined))
    throw new UsageError(`either manifests (${path}) or a cluster (--kubeconfig, --context): not both`);
  if (path !== undefined) return readManifests(path, options);
  const { readLive } = await import('./live-source.ts');
  return readLive(options);
}

async function readManifests(path: string, options: SourceOptions): Promise<Source> {
  const { kubernetes, nowMs, observations: files } = options;
  const loaded = loadManifests(path);
  return {
    snapshot: snapshotOf(loaded, { minor: kubernetes ?? newestMinor, nowMs }),
    loaded,
    observations: await seenIn(files, nowMs),
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

/** What reads logs is loaded when there is one. */
async function seenIn(files: string[] = [], nowMs: number): Promise<Observations> {
  if (files.length === 0) return noObservations();
  const { importAll } = await import('./observations/import.ts');
  return importAll(files, nowMs);
}
