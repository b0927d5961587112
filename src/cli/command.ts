import { type Command, InvalidArgumentError } from 'commander';
import { protectionIds } from '../cluster/cluster.ts';

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

const mainDirectory = '/var/lib/rempart';

/** What to type so that a command is about this cluster, not about the one in the usual place. */
export const dataDirOption = (dataDir: string): string => (dataDir === mainDirectory ? '' : ` --data-dir ${dataDir}`);

/** The two options by which several clusters live beside each other. */
export const withCluster = (command: Command): Command =>
  command
    .option('--data-dir <directory>', 'where the cluster lives', mainDirectory)
    .option('--kubeconfig <file>', 'where the administrator’s kubeconfig goes (default: in the data directory)');

/** What a cluster is started with; each protection has one flag that relaxes it. */
export const withAddresses = (command: Command): Command =>
  withCluster(command)
    .option('--listen <address>', 'also listen on this address (needs --allow-from)', collect)
    .option('--allow-from <cidr>', 'client addresses that may connect', collect)
    .option('--port <number>', 'port of the API (default: 6443)', numberUpTo(portMax))
    .option('--pod-cidr <cidr>', 'addresses of pods (default: 10.244.0.0/16)')
    .option('--service-cidr <cidr>', 'addresses of services (default: 10.96.0.0/16)')
    .option('--relax <protection[=mode]>', `relax one of: ${protectionIds.join(', ')}`, collect);

export type ClusterOptions = {
  dataDir: string;
  kubeconfig?: string;
  listen?: string[];
  allowFrom?: string[];
  port?: number;
  podCidr?: string;
  serviceCidr?: string;
  relax?: string[];
};

export const portMax = 65_535;

/** For options that are a number. */
export function numberUpTo(maximum: number) {
  return (text: string): number => {
    if (!/^\d{1,9}$/.test(text) || Number(text) > maximum)
      throw new InvalidArgumentError(`It is a number up to ${maximum}.`);
    return Number(text);
  };
}

/** For options that may be given several times, one value each: a list would swallow the path behind it. */
export const collect = (value: string, previous: string[] = []): string[] => [...previous, value];
