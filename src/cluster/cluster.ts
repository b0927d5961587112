import type { Choices } from './configuration.ts';
import { protections } from './protections/protections.ts';
import type { ClusterStatus } from './status.ts';
import type { Steps } from './up.ts';

/**
 * The door of the wiring. What it leads to is imported when it is asked for: the command line starts quickly, and the
 * API server's process never loads the node's code, nor the other way round.
 */
export type { ClusterStatus };

export const protectionIds = protections.filter(({ relaxedBy }) => relaxedBy === undefined).map(({ id }) => id);

/** Starts a cluster on this machine and returns when its node is ready. Throws UsageError for what a user can mend. */
export const up = async (choices: Choices, steps: Steps, options?: { restart: boolean }) =>
  (await import('./up.ts')).up(choices, steps, options);

/** `up`, then the example application; returns where it can be reached. */
export const demo = async (choices: Choices, steps: Steps) => (await import('./demo.ts')).demo(choices, steps);

/** Stops everything of a cluster; with `purge` its data goes, too. False: there was none. */
export const down = async (options: { dataDirectory: string; purge: boolean }, steps: Steps) =>
  (await import('./down.ts')).down(options, steps);

/** New keys for secrets on disk and for tokens. Throws UsageError without a cluster, root, or an answer of the server. */
export const rotateKeys = async (dataDirectory: string, steps: Steps) =>
  (await import('./rotate-keys.ts')).rotateKeys(dataDirectory, steps);

/** What runs and what is protected. Throws UsageError when there is no cluster. */
export const status = async (dataDirectory: string): Promise<ClusterStatus> =>
  (await import('./status.ts')).status(dataDirectory);

/** A kubeconfig past every role, for an hour. Throws UsageError without a cluster or the right to read its keys. */
export const breakGlass = async (dataDirectory: string) => (await import('./break-glass.ts')).breakGlass(dataDirectory);

/** Whether the audit log is whole: how many lines, and what is wrong where. */
export const verifyAuditLog = async (dataDirectory: string) =>
  (await import('./audit-log.ts')).verifyAuditLog(dataDirectory);

/** Runs the API server's process until it is told to stop. */
export const runServer = async (dataDirectory: string) =>
  (await import('./server/server-process.ts')).runServer(dataDirectory);

/** Runs the node's process until it is told to stop. */
export const runAgent = async (dataDirectory: string) =>
  (await import('./agent/agent-process.ts')).runAgent(dataDirectory);

/** Compiles a process's program into Node's compile cache. */
export const warm = async (name: 'server' | 'agent', dataDirectory: string) =>
  (await import('./warm.ts')).warm(name, dataDirectory);

/** A control plane in memory with simulated nodes, in this process. */
export const runDevelopment = async (options: { nodes: number; port: number; kubeconfig: string }) =>
  (await import('./development.ts')).runDevelopment(options);

/** Builds an image from Debian packages into an OCI archive. Throws UsageError for what is wrong with its inputs. */
export const buildImage = async (specification: string, archive: string) =>
  (await import('./images.ts')).buildImage(specification, archive);

/** Loads an image archive into a cluster's containerd and returns the names it holds. */
export const importImage = async (dataDirectory: string, archive: string) =>
  (await import('./images.ts')).importImage(dataDirectory, archive);

/** What is on the node of a running cluster, by name. */
export const listImages = async (dataDirectory: string) => (await import('./images.ts')).listImages(dataDirectory);
