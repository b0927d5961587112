import type { Command } from 'commander';

/** Adds one command to the program. */
export type AddCommand = (program: Command) => void;

/** Everything was said already; the process ends with this code. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The two options by which several clusters live beside each other. */
export const withCluster = (command: Command): Command =>
  command
    .option('--data-dir <directory>', 'where the cluster lives', '/var/lib/rempart')
    .option('--kubeconfig <file>', 'where the administrator’s kubeconfig goes (default: in the data directory)');

export type ClusterOptions = { dataDir: string; kubeconfig?: string };

/** For options that may be given several times. */
export const collect = (value: string, previous: string[] = []): string[] => [...previous, value];
